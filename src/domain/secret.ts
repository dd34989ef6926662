/** What every redacted place shows. */
export const REDACTED = "[secret]";

/** A configured secret. It prints, serialises and inspects as `[secret]`; only adapters call {@link Secret.reveal}. */
export class Secret {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
  }
  /** The value itself: for the call that needs it, never for a message. */
  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return REDACTED;
  }
  toJSON(): string {
    return REDACTED;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return REDACTED;
  }
}

/**
 * Takes configured secrets, and what looks like one, out of any text on its way to a log, message, row or report.
 * Fed by the configuration; shared by every edge.
 */
export class Redactor {
  #values: string[] = [];
  #pattern: RegExp | undefined;

  /** Adds values to take out. Values under 4 characters are ignored: they would blank ordinary words. */
  add(...values: string[]): void {
    for (const value of values) {
      for (const form of formsOf(value)) if (form.length >= 4 && !this.#values.includes(form)) this.#values.push(form);
    }
    this.#values.sort((a, b) => b.length - a.length);
    this.#pattern = this.#values.length === 0 ? undefined : new RegExp(this.#values.map(escapePattern).join("|"), "g");
  }

  /**
   * `text` without configured secrets, without credentials in URLs, and without JDBC-like connection details. What
   * follows `password:` and its like goes too when it has a digit or a sign in it: plain words are prose.
   */
  redact(text: string): string {
    const known = this.#pattern === undefined ? text : text.replace(this.#pattern, REDACTED);
    return known
      .replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@:]*:[^\s/@]+@/gi, `$1${REDACTED}@`)
      .replace(/\bjdbc:[^\s"'<>]+/gi, `jdbc:${REDACTED}`)
      .replace(
        /\b(password|passwd|pwd|api[-_]?key|authorization|token)(["']?\s*[:=]\s*["']?)(bearer\s+)?(?=[^\s"',;&<>]*[\d!@#$%^*+/_-])[^\s"',;&<>]+/gi,
        `$1$2${REDACTED}`,
      )
      .replace(/\bxox[abeprs]-[A-Za-z0-9-]{8,}/g, REDACTED)
      .replace(/\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*/g, REDACTED);
  }
}

function formsOf(value: string): string[] {
  const forms = [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)];
  return [...new Set(forms)];
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
