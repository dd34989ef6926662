/** Colours, or none. */
export interface Paint {
  readonly added: (text: string) => string;
  readonly changed: (text: string) => string;
  readonly removed: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
}

const same = (text: string): string => text;

/** For files, pipes and whoever did not ask for colours. */
export const PLAIN: Paint = { added: same, changed: same, removed: same, strong: same, faint: same };

function ansi(code: number): (text: string) => string {
  return (text) => `\u001B[${code}m${text}\u001B[0m`;
}

/** For terminals. */
export const COLOURS: Paint = {
  added: ansi(32),
  changed: ansi(33),
  removed: ansi(31),
  strong: ansi(1),
  faint: ansi(2),
};
