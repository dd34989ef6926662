import { AwsFault } from "./aws-server.ts";

/** A value of one period; `undefined`: no data. */
export type MathValue = number | undefined;

/** Values of the other queries by id; called with an id that no query has it throws. */
export type Lookup = (id: string) => MathValue;

type Node = (lookup: Lookup) => MathValue;

/** An expression of metric math over one period: arithmetic, comparisons, AND/OR, and the functions below. @throws AwsFault */
export function parseMath(expression: string): Node {
  const parser = new Parser(expression);
  const node = parser.whole();
  return node;
}

/** Missing data counts as missing in arithmetic; sums and the like pass over it. */
const FUNCTIONS: Readonly<Record<string, (values: readonly MathValue[]) => MathValue>> = {
  IF: ([test, yes, no]) => (test === undefined ? undefined : test !== 0 ? yes : no),
  FILL: ([value, filling]) => value ?? filling,
  SUM: (values) => over(values, (all) => all.reduce((sum, value) => sum + value, 0)),
  AVG: (values) => over(values, (all) => all.reduce((sum, value) => sum + value, 0) / all.length),
  MAX: (values) => over(values, (all) => Math.max(...all)),
  MIN: (values) => over(values, (all) => Math.min(...all)),
  ABS: ([value]) => (value === undefined ? undefined : Math.abs(value)),
};

function over(values: readonly MathValue[], fold: (values: readonly number[]) => number): MathValue {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : fold(known);
}

const TOKEN = /\s*(?:(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|(<=|>=|==|!=|&&|\|\||[-+*/^()[\],<>]))/y;

const BINARY: readonly (readonly [
  operators: readonly string[],
  apply: (operator: string, a: number, b: number) => number,
])[] = [
  [["OR", "||"], (_, a, b) => (a !== 0 || b !== 0 ? 1 : 0)],
  [["AND", "&&"], (_, a, b) => (a !== 0 && b !== 0 ? 1 : 0)],
  [["<", "<=", ">", ">=", "==", "!="], compare],
  [["+", "-"], (operator, a, b) => (operator === "+" ? a + b : a - b)],
  [["*", "/"], (operator, a, b) => (operator === "*" ? a * b : a / b)],
  [["^"], (_, a, b) => a ** b],
];

class Parser {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(expression: string) {
    this.#tokens = tokensOf(expression);
  }

  whole(): Node {
    const node = this.#level(0);
    if (this.#at < this.#tokens.length) throw invalid(`unexpected ${this.#tokens[this.#at]}`);
    return node;
  }

  #level(level: number): Node {
    const rank = BINARY[level];
    if (rank === undefined) return this.#unary();
    const [operators, apply] = rank;
    let left = this.#level(level + 1);
    for (let operator = this.#take(operators); operator !== undefined; operator = this.#take(operators)) {
      const [first, right, used] = [left, this.#level(level + 1), operator];
      left = (lookup) => {
        const a = first(lookup);
        const b = right(lookup);
        if (a === undefined || b === undefined) return undefined;
        const value = apply(used, a, b);
        // Division by nothing gives no data point.
        return Number.isFinite(value) ? value : undefined;
      };
    }
    return left;
  }

  #unary(): Node {
    if (this.#take(["-"]) !== undefined) {
      const inner = this.#unary();
      return (lookup) => {
        const value = inner(lookup);
        return value === undefined ? undefined : -value;
      };
    }
    if (this.#take(["("]) !== undefined) {
      const inner = this.#level(0);
      this.#expect(")");
      return inner;
    }
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw invalid("it ends too early");
    if (/^\d/.test(token)) return () => Number(token);
    if (this.#take(["("]) === undefined) return (lookup) => lookup(token);
    return this.#call(token);
  }

  #call(name: string): Node {
    const apply = FUNCTIONS[name];
    if (apply === undefined) throw invalid(`there is no function ${name}`);
    const list = this.#take(["["]) !== undefined;
    const parts: Node[] = [];
    do {
      const repeats = name === "FILL" && parts.length === 1 && this.#take(["REPEAT", "LINEAR"]) !== undefined;
      parts.push(repeats ? () => undefined : this.#level(0));
    } while (this.#take([","]) !== undefined);
    if (list) this.#expect("]");
    this.#expect(")");
    return (lookup) => apply(parts.map((part) => part(lookup)));
  }

  #take(wanted: readonly string[]): string | undefined {
    const token = this.#tokens[this.#at];
    if (token === undefined || !wanted.includes(token)) return undefined;
    this.#at++;
    return token;
  }

  #expect(wanted: string): void {
    if (this.#take([wanted]) === undefined) throw invalid(`${wanted} is missing`);
  }
}

function compare(operator: string, a: number, b: number): number {
  const holds =
    (operator === "<" && a < b) ||
    (operator === "<=" && a <= b) ||
    (operator === ">" && a > b) ||
    (operator === ">=" && a >= b) ||
    (operator === "==" && a === b) ||
    (operator === "!=" && a !== b);
  return holds ? 1 : 0;
}

function tokensOf(expression: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  const text = expression.trim();
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) throw invalid(`unexpected text at ${at}`);
    tokens.push(match[0].trim());
  }
  return tokens;
}

function invalid(why: string): AwsFault {
  return new AwsFault("ValidationError", `Error in expression: ${why}`);
}
