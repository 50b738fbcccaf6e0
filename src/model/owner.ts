/** Whom a session or a task belongs to. */
export interface Owner {
  /** Issuer, subject and client as one text: the same user with a refreshed token is the same principal. */
  readonly principal: string;
  /** The tool a task was started with; undefined for a session. */
  readonly tool: string | undefined;
}

/** Who owns what, by ids that the server behind gave out. Bounded: what nobody used for longest is forgotten first, and is
 * nobody's then.
 */
export interface Owners {
  get(id: string): Owner | undefined;
  set(id: string, owner: Owner): unknown;
  delete(id: string): unknown;
  /** Asks the other replicas about one that is not known here, so that `get` knows it then. Undefined when there is nothing
   * to wait for.
   */
  recall?(id: string): Promise<void> | undefined;
  /** Until the other replicas know whose it is, or a moment at the most. Undefined when there is nothing to wait for. */
  whenShared?(id: string): Promise<void> | undefined;
}
