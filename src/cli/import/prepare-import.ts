import type { Machine } from '../../clients/machine.ts';
import { environmentNames } from '../../config/read-environment.ts';
import { formatPath } from '../../config/path.ts';
import { leafOfFlag, workloadLeaf, type Leaf } from '../../config/leaves.ts';
import { loadConfig, type LoadedConfig } from '../../config/load.ts';
import type { GivenFlag } from '../../config/read-flags.ts';
import type { Config } from '../../config/schema.ts';
import type { Problem } from '../../config/source.ts';
import type { ImportedSetting, ImportPlan, Remark } from '../../import/import-plan.ts';
import type { FindSecret, SecretStore } from '../../model/secret-store.ts';
import type { Secret } from '../../model/secret.ts';
import { fail, UsherError } from '../../model/usher-error.ts';
import { buildFindSecret } from '../../secrets/build-find-secret.ts';
import { auditFile, isServerName } from '../../servers/places.ts';
import type { ServerRecord } from '../../servers/server-record.ts';
import { describeTarget } from '../target/describe-target.ts';
import { runSpelling } from '../target/one-server.ts';
import { nameKept, placeAudit, writeLasting } from '../secrets/place-secrets.ts';
import type { ReadRunConfig } from './read-run-configs.ts';

/** A server as it would be kept. */
export interface PreparedServer {
  readonly file: string;
  readonly record: ServerRecord;
  /** Its configuration file. */
  readonly settings: string;
  /** To be put into the secret store, by name. */
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly remarks: readonly Remark[];
  /** Keys of what is left out since somebody said so. */
  readonly leftOut: readonly Remark[];
  readonly warnings: readonly string[];
}

export interface PrepareOptions {
  readonly name: string | undefined;
  /** What the command line says beside the file; it counts more. */
  readonly flags: readonly GivenFlag[];
  readonly without: ReadonlySet<string>;
  readonly chosen: { readonly group: string | undefined; readonly clients: ServerRecord['clients'] };
  readonly store: SecretStore;
  readonly machine: Machine;
  /** Settings that were flags, too: secrets, by their variables. */
  readonly hidden: Readonly<Record<string, string | undefined>>;
}

/** Makes a server of what a file means; writes nothing.
 * @throws UsherError import_refused with everything that is wrong with it
 */
export function prepareImport({ file, plan }: ReadRunConfig, options: PrepareOptions): PreparedServer {
  const { chosen, hidden, machine, store, without } = options;
  if (plan.problems.some(({ key }) => key === '')) throw refuse(file, reportOf(plan.problems));
  const name = options.name ?? plan.name ?? '';
  const problems = findProblems(plan, { ...options, name });
  const secrets = new Map<string, Secret>();
  const flags = buildFlags(plan, { name, store, secrets, given: options.flags, hidden });
  const loaded = load({ file, name, flags, problems, findSecret: findIn(secrets, store), machine, hidden });
  const config = withTools(placeAudit(loaded, auditFile(machine, name)), name, plan.tools);
  const lasting = writeLasting(config, { name, folder: process.cwd(), store });
  for (const [kept, secret] of lasting.secrets) secrets.set(kept, secret);
  const record: ServerRecord = {
    version: 1,
    name,
    group: chosen.group ?? plan.group ?? 'default',
    target: describeTarget(config.servers[name]),
    createdAt: new Date().toISOString(),
    folder: process.cwd(),
    clients: chosen.clients,
    secrets: [...secrets.keys()],
    isPassing: false,
  };
  const leftOut = plan.blocked.filter(({ key }) => without.has(key));
  const { warnings } = loaded;
  return { file, record, settings: lasting.text, secrets, remarks: plan.remarks, leftOut, warnings };
}

function findProblems(
  plan: ImportPlan,
  { name, flags, without, chosen }: PrepareOptions & { name: string },
): Problem[] {
  const problems: Problem[] = plan.problems.map(({ key, what }) => ({ where: key, what }));
  for (const { key, what } of plan.blocked)
    if (!without.has(key)) problems.push({ where: key, what: `${what}. --without ${key} leaves it out` });
  if (!isServerName(name))
    problems.push({
      where: 'name',
      what: `is ${JSON.stringify(name)}, expected letters, digits, dots, dashes and underscores; --name gives another`,
    });
  const group = chosen.group ?? plan.group ?? 'default';
  if (!isServerName(group))
    problems.push({ where: 'group', what: `is ${JSON.stringify(group)}; --group gives another` });
  const callers = ['oidc-issuer', 'introspection-issuer', 'anonymous', 'remote-auth'];
  const isSaid = flags.some(({ leaf }) => callers.includes(leaf.meta.flag ?? ''));
  if (!plan.hasCallers && !isSaid)
    problems.push({
      where: 'oidc_config',
      what: 'is missing: with ToolHive everybody may call who can connect. Say so with --anonymous, or who may with --oidc-issuer and --oidc-audience',
    });
  return problems;
}

interface Build {
  readonly name: string;
  readonly given: readonly GivenFlag[];
  readonly hidden: PrepareOptions['hidden'];
  readonly store: SecretStore;
  /** Takes those that stand in the file. */
  readonly secrets: Map<string, Secret>;
}

function buildFlags({ settings }: ImportPlan, { name, given, hidden, store, secrets }: Build): readonly GivenFlag[] {
  const said = new Set(given.map(({ leaf }) => leaf));
  const imported = settings.flatMap(({ flag, key, value }): readonly GivenFlag[] => {
    const leaf = leafOf(flag);
    if (said.has(leaf) || environmentNames(leaf).some((variable) => hidden[variable] !== undefined)) return [];
    if (!('secret' in value)) return [{ leaf, label: key, ...placeOf(value) }];
    const kept = nameKept(name, formatPath(leaf.path), value.secret, store);
    secrets.set(kept, value.secret);
    return [{ leaf, label: key, texts: [kept], twin: 'reference' }];
  });
  return [...given, ...imported];
}

function placeOf(
  value: Exclude<ImportedSetting['value'], { readonly secret: Secret }>,
): Pick<GivenFlag, 'texts' | 'twin'> {
  if ('file' in value) return { texts: [value.file], twin: 'file' };
  return 'reference' in value ? { texts: [value.reference], twin: 'reference' } : { texts: value.texts };
}

function leafOf(flag: string): Leaf {
  return flag === 'image' || flag === 'args' ? workloadLeaf(flag) : leafOfFlag(flag);
}

/** Those of the file first: they are in no store yet. */
function findIn(secrets: ReadonlyMap<string, Secret>, store: SecretStore): FindSecret {
  const find = buildFindSecret(() => store);
  return (name) => {
    const secret = secrets.get(name);
    if (secret !== undefined) return { secret };
    const found = find(name);
    return 'secret' in found ? found : { problem: `${found.problem}. thv secret get shows one of ToolHive` };
  };
}

interface Load {
  readonly file: string;
  readonly name: string;
  readonly flags: readonly GivenFlag[];
  readonly problems: readonly Problem[];
  readonly findSecret: FindSecret;
  readonly machine: Machine;
  readonly hidden: PrepareOptions['hidden'];
}

/** The variable in which ToolHive looks for the secret that its files need not have. */
const secretVariable = 'TOOLHIVE_TOKEN_EXCHANGE_CLIENT_SECRET';

function load({ file, name, flags, problems, findSecret, machine, hidden }: Load): LoadedConfig {
  const isSaid = (flag: string): boolean => flags.some(({ leaf }) => leaf.meta.flag === flag);
  const secret = machine.environment[secretVariable];
  const needsSecret = isSaid('token-exchange-client-id') && !isSaid('token-exchange-client-secret');
  try {
    return loadConfig({
      oneServer: { name: isServerName(name) ? name : 'mcp', spelling: runSpelling },
      flags,
      environment: { ...(needsSecret && secret !== undefined ? { [secretVariable]: secret } : {}), ...hidden },
      findSecret,
      problems,
      isTargetUnclear: problems.length > 0,
      // Said in the words of the file already.
      meantFlags: problems.some(({ where }) => where.startsWith('oidc_config')) ? ['--oidc-issuer'] : [],
    });
  } catch (error) {
    if (!(error instanceof UsherError) || error.code !== 'config_invalid') throw error;
    throw refuse(file, String(error.details['report']).replace(/^[^:]*: /, ''), error);
  }
}

function reportOf(problems: readonly Remark[]): string {
  return `it ${problems.map(({ what }) => what).join('; ')}`;
}

function refuse(file: string, report: string, cause?: unknown): UsherError {
  return fail('import_refused', { file, report, advice: 'Nothing was imported' }, { cause });
}

/** A list of tools is a rule here, and no flag says rules. */
function withTools(config: Config, name: string, tools: readonly string[] | undefined): Config {
  const server = config.servers[name];
  if (tools === undefined || server === undefined) return config;
  const policy = { ...server.policy, rules: [{ tools: [...tools], claims: {}, effect: 'allow' as const }] };
  return { ...config, servers: { ...config.servers, [name]: { ...server, policy } } };
}
