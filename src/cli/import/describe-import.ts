import { plain } from '../../lib/plain.ts';
import type { Remark } from '../../import/import-plan.ts';
import type { PreparedServer } from './prepare-import.ts';

/** What would be made of a file, for a person who has to agree. Words of the file come without anything that could move a cursor. */
export function describeImport({
  file,
  record,
  settings,
  secrets,
  remarks,
  leftOut,
  warnings,
}: PreparedServer): string {
  return [
    `${record.name}, from ${plain(file)}${record.group === 'default' ? '' : `, in the group ${record.group}`}:`,
    ...settings
      .trimEnd()
      .split('\n')
      .map((line) => `  ${plain(line)}`),
    ...list('left out, as you said', leftOut),
    ...list('not as it was', remarks),
    ...[...secrets.keys()].map((name) => `  a secret goes into the secret store, as ${name}`),
    ...warnings.map((warning) => `  warning: ${plain(warning)}`),
  ].join('\n');
}

function list(title: string, remarks: readonly Remark[]): readonly string[] {
  if (remarks.length === 0) return [];
  return [`  ${title}:`, ...remarks.map(({ key, what }) => `    ${plain(key)}: ${plain(what)}`)];
}

/** The same for machines. */
export function toImportJson(
  { file, record, settings, secrets, remarks, leftOut, warnings }: PreparedServer,
  state: 'planned' | 'imported',
): Readonly<Record<string, unknown>> {
  return {
    file,
    state,
    name: record.name,
    group: record.group,
    target: record.target,
    /** As `usher export` prints it. */
    settings,
    secrets: [...secrets.keys()],
    leftOut,
    remarks,
    warnings,
  };
}
