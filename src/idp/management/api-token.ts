import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { findSecretFile, writeFile } from '../state/state-files.ts';
import { isSame } from '../directory.ts';

/** The token of the management API, made at the first start and kept in a file that its owner alone can read: it is
 * printed nowhere.
 */
export interface ApiToken {
  readonly file: string;
  /** Is this the header `Authorization: SSWS TOKEN`? Undefined when there is no such header at all.
   * Source: https://developer.okta.com/docs/reference/core-okta-api/#authentication
   */
  check(authorization: string | undefined): boolean | undefined;
}

export async function readApiToken(stateDir: string): Promise<ApiToken> {
  const file = join(stateDir, 'api-token');
  const kept = (await findSecretFile(file))?.trim();
  const value = kept === undefined || kept === '' ? `00${randomBytes(30).toString('base64url')}` : kept;
  if (value !== kept) await writeFile(file, `${value}\n`);
  return {
    file,
    check: (authorization) => {
      if (authorization === undefined) return undefined;
      const given = /^SSWS +(\S+)$/i.exec(authorization)?.[1];
      return given !== undefined && isSame(given, value);
    },
  };
}
