import type { Command } from 'commander';
import { environmentName, type Leaf, leafOfFlag, leaves, workloadLeaf } from '../../config/leaves.ts';
import type { GivenFlag } from '../../config/read-flags.ts';
import { reportUsage } from '../../config/report.ts';
import type { Problem } from '../../config/source.ts';
import { spellPackage } from '../../packages/package.ts';
import type { ServerPlan } from '../../registry/server-plan.ts';
import { textsOf } from '../command.ts';
import { packageOptions } from '../options/package-options.ts';
import type { ReadTarget } from './read-target.ts';
import { readRegistries, registryOptions } from '../options/registry-options.ts';
import { SimpleValues } from '../options/simple-options.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** A target that was found by its name; it is not run before somebody agreed. */
export interface LookedUp {
  readonly target: ReadTarget;
  /** Asks, where that is needed.
   * @returns exactly the image that was agreed to, in place of the one its tag means
   * @throws UsherError registry_consent_needed
   */
  readonly agree: () => Promise<string | undefined>;
}

/** Finds the server a command line names in the registries, and what is to be run for it, as settings.
 * @throws UsherError name_unknown, name_ambiguous, registry_unusable, registry_entry_refused; usage_invalid
 */
export async function lookUpTarget(
  command: Command,
  name: NonNullable<ReadTarget['name']>,
  environment: Environment,
): Promise<LookedUp> {
  const values = new SimpleValues(command, environment);
  const { registries, problems } = await readRegistries(command, values, environment);
  if (problems.length > 0) throw reportUsage(problems);
  const [{ findServer }, { planServer }] = await Promise.all([
    import('../../registry/find-server.ts'),
    import('../../registry/plan-server.ts'),
  ]);
  const entry = await findServer(name.text, registries);
  const plan = planServer(entry);
  const target = await buildTarget(command, { plan, name, environment });
  const said = (flag: 'engine' | 'pull') => textsOf(command, flag).at(-1) ?? environment[environmentName(flag)];
  const how = {
    isYes: values.isSet(registryOptions.yes),
    isContained: values.isSet(packageOptions.inContainer),
    engine: said('engine'),
    isNew: said('pull') === 'always',
    environment,
  };
  const { agreeToEntry } = await import('./agree-to-entry.ts');
  return { target, agree: () => agreeToEntry(entry, plan, how) };
}

interface Built {
  readonly plan: ServerPlan;
  readonly name: NonNullable<ReadTarget['name']>;
  readonly environment: Environment;
}

/** Settings of a plan; what people say themselves counts more. */
async function buildTarget(command: Command, { plan, name, environment }: Built): Promise<ReadTarget> {
  const { run, args } = plan;
  const words = [...args, ...name.args];
  const label = name.text;
  const flags: GivenFlag[] = [];
  const says = (leaf: Leaf, texts: readonly string[]) => flags.push({ leaf, label, texts });
  if (run.kind === 'remote') says(leafOfFlag('target-uri'), [run.url]);
  else if (run.kind === 'package') says(workloadLeaf('command'), [spellPackage(run.package), ...words]);
  else {
    says(workloadLeaf('image'), [run.image]);
    if (words.length > 0) says(workloadLeaf('args'), words);
  }
  const isSaid = (flag: string, attribute: string) =>
    textsOf(command, attribute).length > 0 || environment[environmentName(flag)] !== undefined;
  const usual: [string, string, string | undefined][] = [
    ['target-port', 'targetPort', plan.port === undefined ? undefined : String(plan.port)],
    ['target-path', 'targetPath', plan.path],
    ['transport', 'transport', plan.transport === 'streamable-http' ? undefined : plan.transport],
  ];
  for (const [flag, attribute, text] of usual) {
    const leaf = leaves.find(({ meta }) => meta.flag === flag);
    const isMeant = flag === 'transport' || run.kind !== 'remote';
    if (leaf !== undefined && text !== undefined && isMeant && !isSaid(flag, attribute)) says(leaf, [text]);
  }
  const problems = findProblems(command, { plan, name, environment });
  await addEnvironment(command, plan);
  return { flags, problems, ...(run.kind === 'package' ? { package: run.package } : {}) };
}

/** Variables of the entry beside those of the command line, which win. */
async function addEnvironment(command: Command, { env, run }: ServerPlan): Promise<void> {
  const given = textsOf(command, 'env');
  const files = run.kind === 'image' ? textsOf(command, 'envFile') : [];
  const inFiles = run.kind === 'image' && files.length > 0 ? await readNames(run.image, files) : [];
  const names = new Set([...namesGiven(command), ...inFiles]);
  const more = Object.entries(env).flatMap(([name, value]) => (names.has(name) ? [] : [`${name}=${value}`]));
  if (more.length > 0) command.setOptionValue('env', [...more, ...given]);
}

/** Of files the names alone: what they are set to is for the container. */
async function readNames(image: string, files: readonly string[]): Promise<readonly string[]> {
  const { readEnvFiles } = await import('../../workloads/container/read-env-files.ts');
  return Object.keys(await readEnvFiles(image, files));
}

/** Variables the command line sets, from its own words or from the secret store. */
function namesGiven(command: Command): ReadonlySet<string | undefined> {
  const secrets = textsOf(command, 'secret').map((text) => /(?:^|,)target=([^,]+)/.exec(text)?.[1]);
  return new Set([...textsOf(command, 'env').map((text) => text.split('=')[0]), ...secrets]);
}

function findProblems(command: Command, { plan, name, environment }: Built): Problem[] {
  const problems: Problem[] = [];
  const isTransportKnown = leaves.some(({ meta }) => meta.flag === 'transport');
  if (plan.transport !== 'streamable-http' && !isTransportKnown) {
    const how = plan.transport === 'stdio' ? 'over its standard streams' : 'the older HTTP with SSE';
    problems.push({ where: name.text, what: `speaks MCP ${how}, which is not in this version` });
  }
  if (plan.run.kind === 'remote' && name.args.length > 0)
    problems.push({ where: '--', what: `is given, but ${name.text} runs elsewhere and takes no arguments` });
  const lacking = plan.wantedArgs.filter(({ isRequired }) => isRequired);
  if (lacking.length > 0 && name.args.length === 0) {
    const list = lacking.map((one) => `${one.name}${one.description === '' ? '' : ` (${one.description})`}`).join(', ');
    problems.push({
      where: '--',
      what: `is missing: ${name.text} needs ${list}, as in usher run ${name.text} -- VALUE`,
    });
  }
  if (environment['USHER_ENV'] !== undefined && Object.keys(plan.env).length > 0)
    problems.push({ where: 'USHER_ENV', what: `is set, and ${name.text} has variables of its own; use --env` });
  const given = namesGiven(command);
  // What stands in a file is not looked at before the server starts.
  const isElsewhere = [...textsOf(command, 'envFile'), environment['USHER_ENV'], environment['USHER_ENV_FILE']].some(
    Boolean,
  );
  for (const one of plan.wantedEnv) {
    if (!one.isRequired || given.has(one.name) || isElsewhere) continue;
    const what = one.description === '' ? '' : `: ${one.description}`;
    const where = one.isSecret ? '--secret' : '--env';
    problems.push({ where, what: `lacks ${one.name}, which ${name.text} needs${what}` });
  }
  const mounted = textsOf(command, 'volume');
  for (const target of plan.wantedVolumes) {
    if (mounted.some((volume) => volume.split(':').includes(target))) continue;
    problems.push({
      where: '--volume',
      what: `lacks something to mount at ${target}, which ${name.text} needs: --volume SOURCE:${target}`,
    });
  }
  return problems;
}
