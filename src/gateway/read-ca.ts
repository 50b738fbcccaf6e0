import { describe } from '../lib/describe-error.ts';
import { readAuthorities } from '../lib/read-authorities.ts';
import { fail } from '../model/usher-error.ts';

/** All certificate authorities to trust, PEM; undefined for Node's own list.
 * @throws UsherError config_invalid when the file cannot be read
 */
export function readCa(caFile: string | undefined): readonly string[] | undefined {
  try {
    return readAuthorities(caFile);
  } catch (cause) {
    throw fail('config_invalid', { report: `--ca-file: Cannot read ${caFile}: ${describe(cause)}` }, { cause });
  }
}
