/** Something a test wants that this machine does not have: the test is skipped with this reason, nothing failed. */
export class Unavailable extends Error {
  /** @override */
  name = 'Unavailable';
}
