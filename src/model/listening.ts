/** A stream that only brings what is new: one whose end loses nothing, for the client asks again. */
export interface Listening {
  /** Ends it as if the server had, on both sides.
   * @param why as a clause, for the audit trail
   */
  end(why: string): void;
}
