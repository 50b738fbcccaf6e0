/** Raised when a program of this example cannot start; says every problem at once, in one sentence. */
export class CannotStart extends Error {
  override readonly name = 'CannotStart';

  constructor(what: string, problems: readonly string[]) {
    super(`Cannot start ${what}: ${problems.join('; ')}.`);
  }
}
