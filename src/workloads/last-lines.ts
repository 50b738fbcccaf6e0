const howMany = 5;
const longest = 500;

/** The last lines somebody said, shortened: for the log, when that was the end of it. */
export class LastLines {
  #lines: string[] = [];

  readonly take = (line: string): void => {
    this.#lines.push(line.length > longest ? `${line.slice(0, longest)}…` : line);
    if (this.#lines.length > howMany) this.#lines.shift();
  };

  all(): readonly string[] {
    return [...this.#lines];
  }

  clear(): void {
    this.#lines = [];
  }
}
