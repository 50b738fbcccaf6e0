/** What stands around a file, and counts for what it means. */
export interface Surroundings {
  /** Files of this machine with names that are kept from servers (`.thvignore`). */
  readonly ignoreFiles: readonly string[];
}
