import { createInterface } from 'node:readline/promises';
import { fail, UsherError } from '../../model/usher-error.ts';
import { plain } from '../../lib/plain.ts';
import { type Consent, consentsFile, findConsent, keepConsent } from '../../registry/consents.ts';
import { describePlan } from '../../registry/describe-plan.ts';
import type { Entry } from '../../registry/server-document.ts';
import type { ServerPlan } from '../../registry/server-plan.ts';
import { note, warn } from '../print.ts';

export interface Agreeing {
  /** `--yes` */
  readonly isYes: boolean;
  /** `--in-container` */
  readonly isContained: boolean;
  /** `--engine` */
  readonly engine: string | undefined;
  /** `--pull always`: the image is to be what its tag means now, whatever it meant. */
  readonly isNew: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Shows what is to be run, and asks whoever has not agreed to it yet. The catalogue is part of Usher: whoever runs Usher runs
 * what it names, and is shown what that is. A tag is pinned with that: what was agreed to is run, whatever it has come to mean.
 * @returns the image by its digest, where that is known
 * @throws UsherError registry_consent_needed, registry_state_unusable
 */
export async function agreeToEntry(entry: Entry, plan: ServerPlan, how: Agreeing): Promise<string | undefined> {
  const { isYes, isContained, environment } = how;
  const file = consentsFile(environment);
  const consent = await findConsent(file, entry);
  const image = await chooseImage(plan, consent, how);
  const reason = findReason(consent, image, entry);
  if (reason === undefined) {
    if (image !== consent.image && image !== undefined) await keepConsent(file, entry, image);
    return image;
  }
  const { name } = entry.server;
  const version = plain(entry.server.version);
  note(describePlan(entry, plan, { isContained, image }));
  if (consent.state === 'changed' || consent.state === 'agreed') warn(`${name} ${version}: ${reason}`);
  if (entry.source !== 'catalogue' && !isYes && !(await ask(`Run it? Because ${reason}, "yes" is needed: `)))
    throw fail('registry_consent_needed', { name, version, registry: entry.source, reason });
  await keepConsent(file, entry, image);
  return image;
}

/** Why it has to be asked for; undefined when it has not. */
function findReason(consent: Consent, image: string | undefined, { server }: Entry): string | undefined {
  switch (consent.state) {
    case 'new':
      return 'it is run for the first time';
    case 'other version':
      return 'you agreed to another version of it';
    case 'changed':
      return `it is not what you agreed to, though it is still called ${plain(server.version)}: its registry changed it`;
    case 'agreed':
      return consent.image === undefined || image === undefined || image === consent.image
        ? undefined
        : `its tag means another image than the one you agreed to, ${consent.image}`;
  }
}

async function chooseImage(
  { run }: ServerPlan,
  consent: Consent,
  { engine: wanted, isNew }: Agreeing,
): Promise<string | undefined> {
  if (run.kind !== 'image') return undefined;
  if (consent.image !== undefined && !isNew) return consent.image;
  const [{ findEngine }, { findPinned }] = await Promise.all([
    import('../../workloads/container/find-engine.ts'),
    import('../../workloads/container/find-pinned.ts'),
  ]);
  try {
    return await findPinned(run.image, await findEngine(wanted), { isNew });
  } catch (error) {
    // Said with all there is to say when the container is started, which is next.
    if (error instanceof UsherError && error.code === 'engine_unavailable') return undefined;
    throw error;
  }
}

async function ask(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await lines.question(question)).trim() === 'yes';
  } finally {
    lines.close();
  }
}
