import { stat } from 'node:fs/promises';
import { adviseWriting, describe } from '../../lib/describe-error.ts';
import { findStateFile, writeStateFile } from '../../lib/state-file.ts';
import { fail, type UsherError } from '../../model/usher-error.ts';

/** Reads a file of the state folder; undefined when it is not there yet.
 * @throws UsherError idp_state_unusable
 */
export async function findFile(path: string): Promise<string | undefined> {
  try {
    return await findStateFile(path);
  } catch (cause) {
    const advice = 'Mend its permissions, or choose another folder with --state-dir';
    throw unusable(path, { reason: `it cannot be read: ${describe(cause)}`, advice, cause });
  }
}

/** The same for a key or a token. Such files are made for their owner alone; where others can read one it came from elsewhere, as with
 * somebody's project, or is no secret any more: whoever has it issues certificates and tokens that are believed here.
 * @throws UsherError idp_state_unusable
 */
export async function findSecretFile(path: string): Promise<string | undefined> {
  const text = await findFile(path);
  if (text === undefined || process.platform === 'win32') return text;
  const { mode } = await stat(path);
  if ((mode & 0o077) === 0) return text;
  throw unusable(path, {
    reason: 'other users can read it',
    advice: `If it was made here and nobody has read it: chmod 600 ${path}. If it came with other files: remove the folder, and others are made`,
  });
}

/** @throws UsherError idp_state_unusable */
export async function writeFile(path: string, text: string): Promise<void> {
  await writeStateFile(path, text).catch((cause: unknown) => {
    const advice = `${adviseWriting(cause, 'Mend the permissions of its folder')}, or choose another one with --state-dir`;
    throw unusable(path, { reason: `it cannot be written: ${describe(cause)}`, advice, cause });
  });
}

/** A file that is there and is none of ours. */
export function damaged(path: string, advice: string): UsherError {
  return unusable(path, { reason: 'the file is damaged', advice });
}

function unusable(
  path: string,
  { reason, advice, cause }: { readonly reason: string; readonly advice: string; readonly cause?: unknown },
): UsherError {
  return fail('idp_state_unusable', { path, reason, advice }, cause === undefined ? {} : { cause });
}
