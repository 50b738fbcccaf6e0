import { report } from 'node:process';

/** How many files and connections this process may have open at once; undefined where there is no limit, or none is
 * told (Windows). Node.js itself raises the soft limit to the hard one.
 */
export function descriptorLimit(): number | undefined {
  const found: unknown = report?.getReport();
  const limits = memberOf(memberOf(found, 'userLimits'), 'open_files');
  const soft = memberOf(limits, 'soft');
  return typeof soft === 'number' && Number.isSafeInteger(soft) ? soft : undefined;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
