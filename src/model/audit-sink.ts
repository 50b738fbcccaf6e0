import type { AuditRecord } from './audit-record.ts';
import type { UsherError } from './usher-error.ts';

/** Seam: where the audit trail goes. One folder per member under audit/. */
export interface AuditSink {
  readonly strategy: string;
  /** Takes a record; never throws, never waits.
   * @param onWritten called once, later: when the record has been handed to the system, so that not even a kill loses it, or
   * when that has failed and it waits for better times
   */
  write(record: AuditRecord, onWritten?: () => void): void;
  /** Why calls must be refused now; undefined while they may go on. */
  readonly failure: UsherError | undefined;
  /** Why records cannot be written now, whatever that means for calls; undefined while they can. */
  readonly trouble: UsherError | undefined;
  /** Resolves when everything taken so far is written. */
  flush(): Promise<void>;
  close(): Promise<void>;
}
