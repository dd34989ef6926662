/** Markup that may stand in a document as it is: {@link markup} makes it; whoever makes it otherwise knows that nothing from outside is in it. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What can be put into a template: words are escaped, markup is not, lists are joined, nothing is nothing. */
export type Piece = string | number | Markup | undefined | readonly Piece[];

/** Longest piece of text from outside, in characters; what is longer is cut, and shows that it was. */
const LONGEST = 2_000;
/** Rows of a table; what is more stands in certificate.json. */
const MOST_ROWS = 120;

/** Words become text, whatever they are: safe between tags and within double quotes. */
export function markup(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  return new Markup(strings.map((text, i) => (i === 0 ? text : write(pieces[i - 1]) + text)).join(""));
}

function write(piece: Piece): string {
  if (piece === undefined) return "";
  if (piece instanceof Markup) return piece.text;
  if (typeof piece === "string") return escape(piece);
  if (typeof piece === "number") return String(piece);
  return piece.map(write).join("");
}

function escape(text: string): string {
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return (
    cut
      // Control characters have no place in a document; those that turn the direction of writing could disguise a name.
      // eslint-disable-next-line no-control-regex -- they are what is replaced
      .replace(/[\u0000-\u0008\u000b-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g, "\ufffd")
      .replace(/&/g, "&amp;")
      .replace(/</g, "&lt;")
      .replace(/>/g, "&gt;")
      .replace(/"/g, "&quot;")
      .replace(/'/g, "&#39;")
  );
}

/** A table: captions are unique within a document. The first cell of a row is its heading. */
export interface TableSpec {
  readonly caption: string;
  /** Headings; those of numbers begin with `#`, which is not shown. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Piece[])[];
  /** What is said when there are no rows; without it an empty table is left out. */
  readonly empty?: string;
  /** Only as wide as what is in it. */
  readonly narrow?: boolean;
}

/** A table that scrolls within itself where it is too wide. */
export function table({ caption, columns, rows, empty, narrow = false }: TableSpec): Markup {
  if (rows.length === 0) return empty === undefined ? markup`` : markup`<p class="quiet">${empty}</p>`;
  const isNumber = columns.map((name) => name.startsWith("#"));
  const head = columns.map(
    (name, i) => markup`<th scope="col" ${isNumber[i] ? NUMERIC : ""}>${isNumber[i] ? name.slice(1) : name}</th>`,
  );
  const body = rows.slice(0, MOST_ROWS).map(
    (cells) =>
      markup`<tr>
        ${cells.map((cell, i) => (i === 0 ? markup`<th scope="row" ${isNumber[i] ? NUMERIC : ""}>${cell}</th>` : markup`<td${isNumber[i] ? NUMERIC : ""}>${cell}</td>`))}
      </tr> `,
  );
  const more = rows.length - MOST_ROWS;
  return markup`<div class="scroll" role="group" tabindex="0" aria-label="${caption}"><table${narrow ? NARROW : ""}><caption>${caption}</caption>
<thead><tr>${head}</tr></thead>
<tbody>${body}</tbody></table></div>${more > 0 ? markup`<p class="quiet">and ${more} more rows, in certificate.json</p>` : ""}
`;
}

const NARROW = new Markup(` class="narrow"`);
const NUMERIC = new Markup(` class="n"`);

/** A list of words; nothing without any. */
export function list(items: readonly Piece[], name = ""): Markup {
  if (items.length === 0) return markup``;
  const shown = items.slice(0, MOST_ROWS).map((item) => markup`<li>${item}</li>`);
  const more = items.length - shown.length;
  return markup`<ul class="${name}">
    ${shown}${more > 0 ? markup`<li>and ${more} more</li>` : ""}
  </ul>`;
}
