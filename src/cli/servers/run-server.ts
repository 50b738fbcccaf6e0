import { thisMachine, type Machine } from '../../clients/machine.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { fail, UsherError } from '../../model/usher-error.ts';
import { claimNew, removeFolder, withPortsLock, withServerLock, type Claim } from '../../servers/claim-server.ts';
import { whyNoBackground } from '../../servers/find-background.ts';
import { launchServer, type ReadyReport } from '../../servers/launch-server.ts';
import { choosePort } from './choose-port.ts';
import { auditFile, ensureOwnFolder } from '../../servers/places.ts';
import type { SecretStore } from '../../model/secret-store.ts';
import type { ServerRecord } from '../../servers/server-record.ts';
import { openSecretStore } from '../../secrets/open-secret-store.ts';
import { dirname } from 'node:path';
import type { CommandContext } from '../command-module.ts';
import { describeTarget } from '../target/describe-target.ts';
import { runInPlace } from './run-in-place.ts';
import { dropSecrets, keepSecrets, placeAudit, writeLasting } from '../secrets/place-secrets.ts';
import type { RunChoices } from '../target/one-server.ts';
import { note, print } from '../print.ts';
import { keepsSetting } from '../options/setting-names.ts';
import { startGatewayCommand } from '../foreground/start-gateway-command.ts';
import { watchStopSignal } from '../stop-signal.ts';
import { tellUnwell } from './tell-unwell.ts';

export interface RunServerOptions extends RunChoices {
  readonly loaded: LoadedConfig;
  readonly read: () => LoadedConfig;
  readonly isForeground: boolean;
  /** May code of packages run while they are fetched? */
  readonly allowsScripts?: boolean;
  readonly context: CommandContext;
}

/** `usher run`: a new server, in this terminal or in the background. Returns the exit code. */
export async function runServer(options: RunServerOptions): Promise<number> {
  const { loaded, isForeground, context } = options;
  const [name = '', server] = Object.entries(loaded.config.servers)[0] ?? [];
  const machine = thisMachine(context.environment);
  const word = server?.upstream.strategy === 'process' ? server.upstream.command[0] : undefined;
  const record: ServerRecord = {
    version: 1,
    name,
    group: options.group,
    target: describeTarget(server),
    createdAt: new Date().toISOString(),
    folder: process.cwd(),
    clients: options.clients,
    secrets: [],
    ...(options.allowsScripts === true && word !== undefined ? { scriptsOf: word } : {}),
    isPassing: isForeground,
  };
  return isForeground ? await runHere(record, machine, options) : await runBehind(record, machine, options);
}

/** In this terminal. Where nothing can be kept of it, it runs all the same: a container has no home. */
async function runHere(record: ServerRecord, machine: Machine, options: RunServerOptions): Promise<number> {
  const { loaded, read, allowsScripts = false } = options;
  let claim: Claim;
  try {
    claim = await claimNew({ record, settings: undefined }, machine);
  } catch (error) {
    if (!(error instanceof UsherError) || error.code !== 'server_state_unusable') throw error;
    note(`Not in usher list, nor in the lists of MCP clients: ${error.message}`);
    return await startGatewayCommand(loaded, read, { machine, wanted: 'none', allowsScripts });
  }
  return await runInPlace(claim, { loaded, read, record, machine, isBackground: false });
}

async function runBehind(record: ServerRecord, machine: Machine, options: RunServerOptions): Promise<number> {
  const { context } = options;
  checkBackground(context);
  const store = openSecretStore(context.environment);
  const { claim, secrets } = await withPortsLock(machine, () => claimBehind(record, machine, options.loaded, store));
  try {
    await keepSecrets(store, secrets);
    const report = await launch(claim, context);
    describeStarted(record.name, report);
    for (const name of secrets.keys()) note(`  a secret of it is kept in the secret store as ${name}`);
  } catch (error) {
    // It never was: nothing of it stays.
    await dropSecrets(store, secrets.keys()).catch(() => {});
    await withServerLock(claim.place, machine, () => removeFolder(claim.place));
    throw error;
  }
  await tellUnwell(record.name, machine);
  return 0;
}

/** Gives it a port, where none was said, and its place. */
async function claimBehind(record: ServerRecord, machine: Machine, wanted: LoadedConfig, store: SecretStore) {
  const { loaded, notes } = await choosePort(wanted, machine);
  for (const said of notes) note(said);
  const file = auditFile(machine, record.name);
  const config = placeAudit(loaded, file);
  const { text: settings, secrets } = writeLasting(config, { name: record.name, folder: record.folder, store });
  if (config.audit.file === file) await ensureOwnFolder(dirname(file));
  const port = config.listen.port === 0 ? undefined : config.listen.port;
  const claim = await claimNew({ record: { ...record, secrets: [...secrets.keys()] }, settings, port }, machine);
  return { claim, secrets };
}

/** @throws UsherError no_background */
export function checkBackground({ environment, program }: CommandContext): void {
  const reason =
    whyNoBackground(environment) ??
    (program === undefined ? 'this Usher is part of another program, which would have to be started' : undefined);
  if (reason !== undefined) throw fail('no_background', { reason });
}

/** Starts a claimed server in the background and waits until it serves; a signal meanwhile stops it.
 * @throws UsherError server_not_started
 */
export async function launch(claim: Claim, { environment, program = [] }: CommandContext): Promise<ReadyReport> {
  using stop = watchStopSignal();
  // What the settings are is written down already; secrets among them are nobody's business any more.
  const rest = Object.fromEntries(Object.entries(environment).filter(([variable]) => !keepsSetting(variable)));
  try {
    return await launchServer(claim, { program, environment: rest, signal: stop.signal, say: note });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    throw fail('server_not_started', {
      name: claim.place.name,
      reason: 'it was stopped before it served',
      advice: 'Nothing of it runs',
    });
  }
}

/** Tells of a server in the background that serves now. */
export function describeStarted(name: string, { url, summary, notes }: ReadyReport): void {
  print(`${name}  ${url}`);
  const next = [
    ['status', 'how it is'],
    ['logs', 'what it says'],
    ['stop', 'ends it'],
  ].map(([word = '', what = '']) => `  usher ${`${word} ${name}`.padEnd(name.length + 9)}${what}`);
  note([summary, ...notes, `${name} runs in the background:`, ...next].join('\n'));
}
