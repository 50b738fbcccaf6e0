import { rm } from 'node:fs/promises';
import type { Client } from './client.ts';
import type { Format } from './formats/format.ts';
import type { Holder } from './holder.ts';
import type { Ledger, LedgerEntry, LedgerFile } from './ledger.ts';

/** What the settings said before, kept beside them while something of ours is in them. */
export const backupSuffix = '.before-usher';

/** What is done to one server in one client. */
export interface EntryTask {
  readonly client: Client;
  readonly file: string;
  readonly format: Format;
  readonly name: string;
  /** Also what people changed since. */
  readonly force: boolean;
  /** The gateway it is done for; absent when somebody asked for it. */
  readonly holder?: Holder;
}

/** Keeps the ledger. */
export type SaveLedger = (ledger: Ledger) => Promise<void>;

/** Our note of an entry; undefined for what is not ours. */
export function findOurs(ledger: Ledger, client: Client, file: string, name: string): LedgerEntry | undefined {
  return ledger.entries.find((entry) => entry.client === client.id && entry.file === file && entry.name === name);
}

/** What has to be known to take it out again. */
export function memoryOf(ledger: Ledger, { file, joint }: LedgerEntry): { trace?: LedgerFile; joint?: string } {
  const trace = ledger.files[file];
  return { ...(trace === undefined ? {} : { trace }), ...(joint === undefined ? {} : { joint }) };
}

/** Is it what we wrote last, or were about to replace? */
export function isWritten({ digest, formerly }: LedgerEntry, found: string | undefined): boolean {
  return found !== undefined && (found === digest || found === formerly);
}

/** A copy from before is of no use any more when nothing of ours is in the file. */
export async function dropBackup(ledger: Ledger, file: string): Promise<void> {
  if (!ledger.entries.some((entry) => entry.file === file)) await rm(file + backupSuffix, { force: true });
}
