import { readFileSync } from 'node:fs';
import { report } from 'node:process';

/** How many files and connections this process may have open at once; undefined where there is no limit, or none is
 * told (Windows). Node.js itself raises the soft limit to the hard one.
 */
export function descriptorLimit(): number | undefined {
  // Node.js' own report knows everywhere, and takes as long as a tenth of the whole start for it.
  const soft = readLinuxLimit() ?? readReportedLimit();
  return typeof soft === 'number' && Number.isSafeInteger(soft) ? soft : undefined;
}

/** proc(5). Infinity for `unlimited`. */
function readLinuxLimit(): number | undefined {
  try {
    const soft = /^Max open files +(\d+|unlimited) /m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return soft === undefined ? undefined : soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return undefined;
  }
}

function readReportedLimit(): unknown {
  const found: unknown = report?.getReport();
  return memberOf(memberOf(memberOf(found, 'userLimits'), 'open_files'), 'soft');
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
