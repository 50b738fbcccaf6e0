/** What became of one server in one client's settings. */
export interface Outcome {
  readonly client: string;
  /** What the client is called. */
  readonly title: string;
  readonly file: string;
  readonly result:
    | 'added'
    | 'updated'
    | 'removed'
    /** It stands there as it should already. */
    | 'unchanged'
    /** It was not there any more, and is forgotten. */
    | 'gone'
    /** Nothing was done; `problem` says why. */
    | 'kept';
  readonly problem?: { readonly reason: string; readonly advice: string };
  /** What people have to do now, or what does not work with this client. */
  readonly note?: string;
}

/** Did it come out as it was meant? */
export function isDone({ problem }: Outcome): boolean {
  return problem === undefined;
}
