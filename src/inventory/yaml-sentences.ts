import type { ErrorCode } from "yaml";

/**
 * What a person is told for each error of the YAML parser. The parser's own texts are not used: they quote the file,
 * and a file with a broken quote is quoted with its secrets.
 */
export const YAML_SENTENCES: Readonly<Record<ErrorCode, readonly [message: string, hint: string]>> = {
  ALIAS_PROPS: ["an alias cannot have an anchor or a tag of its own", "keep only *name"],
  BAD_ALIAS: ["this alias or anchor is not usable", "define &name before *name, and give it a name"],
  BAD_COLLECTION_TYPE: ["this tag does not fit what follows it", "remove the tag"],
  BAD_DIRECTIVE: ["this % directive is not known", "remove the line: the file is YAML 1.2 without directives"],
  BAD_DQ_ESCAPE: ["unknown escape in a double-quoted text", "write \\\\ for a backslash, or use single quotes"],
  BAD_INDENT: [
    "the indentation does not fit, or a bracket or brace is not closed",
    "indent with the same number of spaces as the lines beside it, and close what was opened",
  ],
  BAD_PROP_ORDER: ["an anchor or tag stands in the wrong place", "put it directly before the value"],
  BAD_SCALAR_START: ["a text cannot begin with this character", "put the text in quotes"],
  BLOCK_AS_IMPLICIT_KEY: [
    "two keys stand on one line, or a value is indented as a key",
    "put each key on its own line",
  ],
  BLOCK_IN_FLOW: ["an indented block stands inside brackets or braces", "write it inline, or take the brackets away"],
  DUPLICATE_KEY: ["this key is given twice", "keep one of them"],
  IMPOSSIBLE: ["this cannot be read as YAML", "look for a missing quote or colon just before"],
  KEY_OVER_1024_CHARS: ["this key is far too long", "look for a missing quote or line break just before"],
  MISSING_CHAR: [
    "something is missing here: a quote, a comma, a colon or a closing bracket",
    "look at the end of the line before, too",
  ],
  MULTILINE_IMPLICIT_KEY: ["a key runs over several lines", "look for a missing colon or quote"],
  MULTIPLE_ANCHORS: ["a value can have only one anchor", "keep one &name"],
  MULTIPLE_DOCS: ["a second document begins here", "remove the line ---: one file holds one fleet"],
  MULTIPLE_TAGS: ["a value can have only one tag", "remove the tags"],
  NON_STRING_KEY: ["a key must be a plain name", "write name: value"],
  RESOURCE_EXHAUSTION: ["this is nested too deeply", "no fleet needs more than 64 levels"],
  TAB_AS_INDENT: ["a tab cannot indent", "use spaces"],
  TAG_RESOLVE_FAILED: ["tags are not supported", "remove the !tag"],
  UNEXPECTED_TOKEN: ["this was not expected here", "look for a missing quote, comma or line break just before"],
};
