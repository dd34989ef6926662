import { AwsFault } from "./aws-server.ts";

/** The three states of an alarm. */
export type StateValue = "OK" | "ALARM" | "INSUFFICIENT_DATA";

/** A parsed rule of a composite alarm. */
export interface CompositeRule {
  /** Names of the alarms it speaks of. */
  readonly alarms: readonly string[];
  /** State of an alarm by name; `undefined`: there is none. */
  holds(stateOf: (name: string) => StateValue | undefined): boolean;
}

type Node = (stateOf: (name: string) => StateValue | undefined) => boolean;

/** A rule holds at most so many characters. */
const MAX_LENGTH = 10_240;
/** And speaks of at most so many alarms. */
const MAX_ALARMS = 100;
const TOKEN =
  /\s*(?:(ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^()"'\s]+))\s*\)|(AND|OR|NOT|TRUE|FALSE|[()]))/y;

/** `ALARM("a") AND (OK("b") OR NOT INSUFFICIENT_DATA("c"))`. Alarms may be named or given by ARN. @throws AwsFault */
export function parseRule(text: string): CompositeRule {
  if (text.length > MAX_LENGTH) throw invalid(`it is longer than ${MAX_LENGTH} characters`);
  const parser = new Parser(text);
  const node = parser.whole();
  const alarms = [...new Set(parser.alarms)];
  if (alarms.length > MAX_ALARMS) throw invalid(`it speaks of more than ${MAX_ALARMS} alarms`);
  return { alarms, holds: node };
}

class Parser {
  readonly alarms: string[] = [];
  readonly #tokens: (string | Node)[] = [];
  #at = 0;

  constructor(text: string) {
    const source = text.trim();
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < source.length) {
      const at = TOKEN.lastIndex;
      const match = TOKEN.exec(source);
      if (match === null) throw invalid(`unexpected text at ${at}`);
      this.#tokens.push(match[5] ?? this.#test(match));
    }
  }

  whole(): Node {
    const node = this.#or();
    if (this.#at < this.#tokens.length) throw invalid("there is more after its end");
    return node;
  }

  #test(match: RegExpExecArray): Node {
    const state = match[1];
    const given = match[2]?.replaceAll(/\\(.)/g, "$1") ?? match[3] ?? match[4] ?? "";
    const name = given.startsWith("arn:") ? given.split(":").slice(6).join(":") : given;
    this.alarms.push(name);
    return (stateOf) => stateOf(name) === state;
  }

  #or(): Node {
    let left = this.#and();
    while (this.#take("OR")) {
      const [a, b] = [left, this.#and()];
      left = (stateOf) => a(stateOf) || b(stateOf);
    }
    return left;
  }

  #and(): Node {
    let left = this.#not();
    while (this.#take("AND")) {
      const [a, b] = [left, this.#not()];
      left = (stateOf) => a(stateOf) && b(stateOf);
    }
    return left;
  }

  #not(): Node {
    if (this.#take("NOT")) {
      const inner = this.#not();
      return (stateOf) => !inner(stateOf);
    }
    if (this.#take("(")) {
      const inner = this.#or();
      if (!this.#take(")")) throw invalid(") is missing");
      return inner;
    }
    if (this.#take("TRUE")) return () => true;
    if (this.#take("FALSE")) return () => false;
    const token = this.#tokens[this.#at++];
    if (typeof token !== "function") throw invalid(token === undefined ? "it ends too early" : `unexpected ${token}`);
    return token;
  }

  #take(wanted: string): boolean {
    if (this.#tokens[this.#at] !== wanted) return false;
    this.#at++;
    return true;
  }
}

function invalid(why: string): AwsFault {
  return new AwsFault("ValidationError", `Invalid AlarmRule expression: ${why}`);
}
