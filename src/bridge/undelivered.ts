/** The server did not take what it was sent, and said so with a status. A 401 is the request path's to see: it asks for another
 * token and tries again.
 */
export class Undelivered extends Error {
  override readonly name = 'Undelivered';
  readonly status: number;
  /** Its `WWW-Authenticate`. */
  readonly challenge: string | readonly string[] | undefined;

  constructor(status: number, challenge: string | readonly string[] | undefined) {
    super(`the server answered ${status}`);
    this.status = status;
    this.challenge = challenge;
  }
}
