import { deepFreeze } from '../lib/deep-freeze.ts';
import type { FindSecret } from '../model/secret-store.ts';
import { checkFacade } from './check-facade.ts';
import { checkGateway } from './check-gateway.ts';
import { completeRemoteAuth } from './check-remote-auth.ts';
import { checkServer } from './check-server.ts';
import { readConfigFile } from './config-file.ts';
import { describeIssue, findLeaf, findMeantKeys, type Spelling, whereIs } from './describe-issue.ts';
import { Draft } from './draft.ts';
import { formatPath, isTree, plainPath, setOwn, type Tree, valueAt } from './path.ts';
import { nameAllStrategies, placesOf, prepareFile } from './prepare-file.ts';
import { quote } from './quote.ts';
import { readEnvironment } from './read-environment.ts';
import { type GivenFlag, readFlags } from './read-flags.ts';
import { reportProblems } from './report.ts';
import { resolveSecretEnv } from './resolve-secret-env.ts';
import { type Config, configSchema } from './schema.ts';
import { warnOfListener } from './warn-of-listener.ts';
import type { Problem, Source } from './source.ts';
import { type Leaf, leaves, type Segment } from './leaves.ts';
import { unsetSettings } from './unset-settings.ts';

export interface LoadOptions {
  /** YAML file; the only place where several servers can stand. */
  readonly file?: string;
  /** Given by the commands for one server (run, proxy): flags and short variables mean that server. */
  readonly oneServer?: {
    /** Its name; the only one in the file, `usualName`, or `mcp`, when absent. */
    readonly name?: string;
    /** What it is called where neither the command line nor a file names it. */
    readonly usualName?: string;
    readonly spelling: Pick<Spelling, 'upstream' | 'upstreamAdvice'>;
  };
  readonly flags: readonly GivenFlag[];
  /** Settings that the file says, and that shall not be said any more (see unsetSettings). */
  readonly unset?: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where settings that name a secret lead; they are refused without. */
  readonly findSecret?: FindSecret;
  /** What the command line found wrong itself: unknown flags. */
  readonly problems?: readonly Problem[];
  /** Do not report missing MCP servers: they may stand where an unknown flag made them unreadable, or in a file that is
   * missing.
   */
  readonly isTargetUnclear?: boolean;
  /** Flags that misspelt ones were meant for: reported as such, they are not missing as well. */
  readonly meantFlags?: readonly string[];
}

/** One setting as it holds, and who said so. */
export interface SettingInUse {
  readonly path: readonly Segment[];
  readonly leaf: Leaf;
  readonly value: unknown;
  readonly source: Source;
}

export interface LoadedConfig {
  /** Frozen through and through. */
  readonly config: Config;
  readonly settings: readonly SettingInUse[];
  /** What may be meant, but is better done otherwise; one sentence each. */
  readonly warnings: readonly string[];
}

/** Reads the configuration: flags over environment over file over defaults.
 * @throws UsherError `config_invalid` with everything that is wrong, and where it stands
 */
export function loadConfig(options: LoadOptions): LoadedConfig {
  const { oneServer, environment } = options;
  const draft = new Draft(options.file === undefined ? undefined : readConfigFile(options.file), options.findSecret);
  draft.problems.unshift(...(options.problems ?? []));
  // Without a readable file every setting of it would seem to be missing.
  if (draft.file !== undefined && draft.file.problems.length > 0) throw reportProblems(draft.problems);

  const spelling: Spelling = {
    oneServer: oneServer !== undefined,
    upstream: oneServer?.spelling.upstream ?? '',
    upstreamAdvice:
      oneServer?.spelling.upstreamAdvice ??
      'expected where the MCP server is, for example url: http://127.0.0.1:8001/mcp',
  };
  const server = oneServer === undefined ? undefined : chooseServer(draft, oneServer);
  nameAllStrategies(draft);
  if (server !== undefined) draft.problems.push(...unsetSettings(draft, options.unset ?? [], server));
  prepareFile(draft, environment);
  readEnvironment(draft, environment, server);
  readFlags(draft, options.flags, server);
  return finish(draft, spelling, options);
}

/** The server a one-server command is about; others in the file are left out.
 * @throws UsherError `config_invalid` when the file has servers, and not that one
 */
function chooseServer(
  draft: Draft,
  { name: wanted, usualName = 'mcp' }: NonNullable<LoadOptions['oneServer']>,
): string {
  const { file, servers } = draft;
  const name = wanted ?? (servers.length === 1 ? servers[0] : undefined) ?? usualName;
  if (file !== undefined && servers.length > 0 && !servers.includes(name)) {
    const known = servers.map((server) => quote(server)).join(', ');
    const what =
      wanted === undefined
        ? `has the servers ${known}; say with --name which one is meant`
        : `has no server ${quote(wanted)}; it has ${known}`;
    // Of a server that is not there every setting would seem to be missing, too.
    throw reportProblems([...draft.problems, { where: file.placeOf(['servers']), what }]);
  }
  const all = valueAt(draft.tree, ['servers']);
  const found = valueAt(all, [name]);
  if (all === undefined || isTree(all)) {
    const chosen: Tree = {};
    setOwn(chosen, name, found ?? {});
    setOwn(draft.tree, 'servers', chosen);
  }
  return name;
}

function finish(
  draft: Draft,
  spelling: Spelling,
  { isTargetUnclear = false, meantFlags = [] }: Pick<LoadOptions, 'isTargetUnclear' | 'meantFlags'>,
): LoadedConfig {
  draft.decideStrategies();
  completeRemoteAuth(draft);
  const secretFindings = resolveSecretEnv(draft);
  const parsed = configSchema.safeParse(draft.tree);
  const meantKeys = findMeantKeys(parsed.error?.issues ?? [], draft);
  /** Was it said in a way that is reported already, so that it is not missing as well? */
  const isReported = (path: readonly Segment[]): boolean => {
    if (draft.isContradicted(path)) return true;
    if (valueAt(draft.tree, path) !== undefined) return false;
    if (meantKeys.has(formatPath(path)) || meantFlags.includes(whereIs(draft, path, spelling))) return true;
    const leaf = findLeaf(draft, path);
    return leaf === undefined
      ? isTargetUnclear && (path.at(-1) === 'upstream' || path.at(-1) === 'servers')
      : draft.unreadable.has(leaf);
  };
  for (const issue of parsed.error?.issues ?? []) {
    if (isReported(plainPath(issue.path))) continue;
    draft.problems.push(...describeIssue(issue, draft, spelling).filter(({ where }) => !meantFlags.includes(where)));
  }
  const findings = [
    ...secretFindings,
    ...checkGateway(draft),
    ...draft.servers.flatMap((server) => [...checkServer(draft, server), ...checkFacade(draft, server)]),
  ];
  for (const { path, what } of findings) {
    if (!isReported(path)) draft.problems.push({ where: whereIs(draft, path, spelling), what });
  }
  if (!parsed.success || draft.problems.length > 0) throw reportProblems(draft.problems);

  const config = deepFreeze(parsed.data);
  const settings = leaves.flatMap((leaf) =>
    placesOf(draft, leaf).map((path) => ({
      path,
      leaf,
      value: valueAt(config, path),
      source: draft.sourceOf(path),
    })),
  );
  return { config, settings, warnings: [...draft.warnings, ...warnOfListener(config)] };
}
