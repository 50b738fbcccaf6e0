import type { Draft } from './draft.ts';
import type { Leaf } from './leaves.ts';
import { readSecret } from './secret-forms.ts';
import type { Source } from './source.ts';
import { readTexts } from './text-value.ts';

/** A setting as it stood on the command line. */
export interface GivenFlag {
  readonly leaf: Leaf;
  /** As the operator wrote it, for messages: `--proxy-port`, or `URL` for an argument. */
  readonly label: string;
  readonly texts: readonly string[];
  /** Which twin of a secret it is: `-file` or `-ref`. */
  readonly twin?: 'file' | 'reference' | undefined;
}

/** Puts what stands on the command line into the draft. */
export function readFlags(draft: Draft, flags: readonly GivenFlag[], server?: string): void {
  const seen = new Map<Leaf, GivenFlag>();
  for (const flag of flags) {
    const other = seen.get(flag.leaf);
    if (other !== undefined) {
      draft.problems.push({
        where: flag.label,
        what: `is given beside ${other.label}, which means the same; keep one`,
      });
      continue;
    }
    seen.set(flag.leaf, flag);
    readFlag(draft, flag, server);
  }
}

function readFlag(draft: Draft, flag: GivenFlag, server: string | undefined): void {
  const { leaf, label, texts } = flag;
  const source: Source = { kind: 'flag', name: label };
  const swallowed = leaf.meta.flag !== undefined && texts.some((text) => text.startsWith('--'));
  if (swallowed) {
    draft.refuse(leaf, { where: label, what: 'has no value: the next flag follows; give it one' });
    return;
  }
  // Words of a command are taken as they are; everything else is text with a meaning.
  const read = leaf.meta.flag === undefined && leaf.kind === 'list' ? { value: texts } : readTexts(leaf, texts);
  if ('problem' in read) {
    draft.refuse(leaf, { where: label, what: read.problem });
    return;
  }
  if (leaf.kind !== 'secret') {
    if (read.value !== false || leaf.kind !== 'presence') draft.set(leaf, read.value, source, server);
    return;
  }
  const secret = readSecret({
    form: flag.twin ?? 'literal',
    text: read.value,
    folder: process.cwd(),
    environment: {},
    findSecret: draft.findSecret,
  });
  draft.set(leaf, secret.value, source, server);
  if (secret.problem !== undefined) draft.problems.push({ where: label, what: secret.problem });
  if (flag.twin !== undefined && secret.warning !== undefined) draft.warnings.push(`${label} ${secret.warning}`);
  if (flag.twin === undefined) {
    draft.warnings.push(
      `${label} can be read by other users in the list of processes; better use ${label}-file or ${label}-ref`,
    );
  }
}
