import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, findErrorCode } from '../../lib/describe-error.ts';
import { type Check, pass } from '../check.ts';
import { failByFacts } from '../fail-by.ts';

/** Without it no call goes through. */
export const auditTrail: Check = {
  id: 'audit-trail',
  title: 'The audit trail can be written',
  needs: [],
  async run({ config }) {
    const path = config.audit.file;
    if (path === '-') return pass('It goes to stdout');
    try {
      await access(path, constants.W_OK);
      return pass(path);
    } catch (error) {
      if (findErrorCode(error) === 'ENOENT' && (await canMake(path))) return pass(`${path} is made at the start`);
      return failByFacts(
        { code: 'audit_unavailable', details: { path, reason: describe(error) } },
        `${path}: ${describe(error)}`,
      );
    }
  },
};

async function canMake(path: string): Promise<boolean> {
  return access(dirname(path), constants.W_OK).then(
    () => true,
    () => false,
  );
}
