/** One way a provider refuses. `{name}` is filled in. */
export interface RefusalRow {
  readonly status: number;
  readonly error: string;
  readonly description: string;
  /** What stands in the body beside. */
  readonly more?: Readonly<Record<string, unknown>>;
}

/** A request that is refused in the provider's words. */
export class TokenRefusal extends Error {
  override readonly name = 'TokenRefusal';
  readonly row: RefusalRow;
  readonly description: string;
  /** For the log only: which part of the seed says no. */
  readonly reason: string;

  constructor(row: RefusalRow, reason: string, details: Readonly<Record<string, string>> = {}) {
    const description = row.description.replaceAll(/\{(\w+)\}/g, (whole, name: string) => details[name] ?? whole);
    super(description);
    this.row = row;
    this.description = description;
    this.reason = reason;
  }
}
