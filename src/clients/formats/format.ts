/** A value as all of these formats have them. */
export type FileValue = string | number | boolean | readonly FileValue[] | { readonly [key: string]: FileValue };

/** Where in a client's file its servers stand. */
export interface Place {
  /** Keys from the root to what holds the servers. */
  readonly path: readonly [string, ...string[]];
  /** A map has a key for each; the entries of a list have their name in the field `name`. */
  readonly holds: 'map' | 'list';
}

/** What has to be remembered of a file to leave it as it was found, once nothing of ours is in it. */
export interface Trace {
  /** All of its text, where that said nothing. */
  readonly blank?: string;
  /** How many keys of the path were there before; the others are ours. */
  readonly depth?: number;
  /** The text of what was empty before, by the number of keys that lead to it. */
  readonly hollow?: Readonly<Record<string, string>>;
}

/** What an insertion made of the text. */
export interface Inserted {
  readonly text: string;
  readonly trace: Trace;
  /** What was put between the text before and the entry, where that cannot be told from the text alone. */
  readonly joint?: string;
}

export interface NamedEntry {
  readonly name: string;
  readonly value: FileValue;
}

/** A way to write settings down: knows the text, and nothing of clients. */
export interface Format {
  /** @throws FileProblem when it cannot be read */
  parse(text: string): unknown;
  /** Adds an entry that is not there yet, and touches nothing else.
   * @param indent what a level is set off by, where the text does not show it
   * @throws FileProblem when the place is taken by something else
   */
  insert(text: string, place: Place, entry: NamedEntry, indent: string): Inserted;
  /** The text without an entry that is there, in several ways of treating the space around it, the closest first; the
   * caller takes the first that means the same as before otherwise.
   */
  remove(text: string, place: Place, name: string, memory: { trace?: Trace; joint?: string }): readonly string[];
}

/** Why a file cannot be edited, in the words of the sentence `Cannot edit FILE: …`. */
export class FileProblem extends Error {
  override readonly name = 'FileProblem';
  /** What to do about it. */
  readonly advice: string;

  constructor(reason: string, advice: string, cause?: unknown) {
    super(reason, { cause });
    this.advice = advice;
  }
}

/** The line end a text uses. */
export function lineEndOf(text: string): '\n' | '\r\n' {
  return /^[^\n]*\r\n/.test(text) ? '\r\n' : '\n';
}

/** Line and column of an offset, for a person. */
export function positionOf(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n');
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}
