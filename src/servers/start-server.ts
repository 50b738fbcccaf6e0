import { renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import type { Config } from '../config/schema.ts';
import type { Machine } from '../clients/machine.ts';
import { reasonOf } from '../model/reason-of.ts';
import { UsherError } from '../model/usher-error.ts';
import { describe } from '../lib/describe-error.ts';
import { plain } from '../lib/plain.ts';
import type { RunningGateway } from '../gateway/running-gateway.ts';
import { type GatewayOptions, startGateway } from '../gateway/start-gateway.ts';
import type { LeveledLog } from '../telemetry/build-log.ts';
import type { Claim } from './claim-server.ts';
import { type ControlAnswer, type Life, type ReloadAnswer, startControl, type StopOrder } from './control.ts';
import type { ServerLife } from '../model/server-life.ts';
import { explainBusyPort } from './busy-port.ts';
import { CallCounter } from './count-calls.ts';
import { signOfLifeMs } from './look-at-server.ts';
import { findControlPath, unusable } from './places.ts';
import { probeUpstream } from './probe-upstream.ts';
import { readRunRecord, type RunRecord, writeRunRecord } from './server-record.ts';

export interface StartServerDeps {
  readonly log: LeveledLog;
  /** Gives up starting. */
  readonly signal: AbortSignal;
  readonly machine: Machine;
  /** Is it forgotten when it ends? */
  readonly isPassing: boolean;
  /** What else it is started with. */
  readonly gateway: Pick<GatewayOptions, 'showProgress' | 'secrets' | 'loginAid' | 'resolveCommand'>;
  /** Somebody asks it to stop. */
  readonly onStop: (order: StopOrder) => void;
  readonly reload: (gateway: RunningGateway) => Promise<ReloadAnswer>;
}

/** A claimed server that runs in this process. */
export interface StartedServer {
  readonly gateway: RunningGateway;
  /** Was the last order to stop one to come back? */
  readonly isRestarting: boolean;
  /** Closes the gateway, and writes down why. */
  close(end: ServerEnd): Promise<void>;
}

export interface ServerEnd {
  /** Was it asked to? */
  readonly isWanted: boolean;
  readonly reason: string;
}

/** Starts a claimed server in this process: from the first moment on it can be asked how it is; how it ends is written down,
 * however it ends, but by a kill.
 * @throws UsherError of the gateway's start; the run is written down as failed then
 */
export async function startServer(config: Config, claim: Claim, deps: StartServerDeps): Promise<StartedServer> {
  const run = await OpenRun.open(claim, config.listen.drainTimeoutSeconds, deps);
  try {
    const gateway = await startGateway(config, {
      ...deps.gateway,
      log: deps.log,
      signal: deps.signal,
      onRecord: run.calls.take,
    });
    await run.serve(gateway);
    return {
      gateway,
      get isRestarting() {
        return run.isRestarting;
      },
      async close(end) {
        run.stopping();
        try {
          await gateway.close();
        } finally {
          await run.end({ ...end, exitCode: end.isWanted ? 0 : 1 });
        }
      },
    };
  } catch (thrown) {
    const isWanted = deps.signal.aborted;
    const kept = run.isKept ? claim.place.name : undefined;
    const error = await explainBusyPort(thrown, config.listen, { machine: deps.machine, kept });
    await run.end({
      isWanted,
      reason: isWanted ? 'stopped while it started' : reasonOf(error),
      exitCode: isWanted ? 0 : exitCodeOf(error),
    });
    throw error;
  }
}

/** The same that the command line ends with. */
function exitCodeOf(error: unknown): number {
  return error instanceof UsherError ? (error.exitCode ?? error.row.exitCode ?? 1) : 1;
}

/** What this process says of its run: to who asks, and in a file. */
class OpenRun {
  readonly calls = new CallCounter();
  isRestarting = false;
  readonly #claim: Claim;
  readonly #deps: StartServerDeps;
  readonly #startedAtMs = performance.now();
  readonly #onExit = (code: number): void => this.#fell(code);
  #record: RunRecord;
  #phase: ControlAnswer['phase'] = 'starting';
  #gateway: RunningGateway | undefined;
  #control: AsyncDisposable | undefined;
  #life: NodeJS.Timeout | undefined;

  private constructor(claim: Claim, deps: StartServerDeps, record: RunRecord) {
    this.#claim = claim;
    this.#deps = deps;
    this.#record = record;
  }

  /** @throws UsherError server_state_unusable */
  static async open(claim: Claim, drainSeconds: number, deps: StartServerDeps): Promise<OpenRun> {
    const { place } = claim;
    const record = await readRunRecord(place);
    if (record === undefined) throw unusable(place.run, 'it is gone');
    const control = await findControlPath(place, deps.machine);
    const run = new OpenRun(claim, deps, { ...record, control, drainSeconds });
    run.#control = await startControl(control, {
      look: () => run.#look(),
      stop: (order) => {
        run.isRestarting = order.isRestart;
        deps.onStop(order);
      },
      reload: async () =>
        run.#gateway === undefined ? { isTaken: false, notes: [] } : await deps.reload(run.#gateway),
    }).catch((cause: unknown) => {
      throw unusable(control, describe(cause), cause);
    });
    process.once('exit', run.#onExit);
    await writeRunRecord(place, run.#record);
    run.#life = setInterval(() => run.#showLife(), signOfLifeMs).unref();
    return run;
  }

  async serve(gateway: RunningGateway): Promise<void> {
    this.#gateway = gateway;
    this.#phase = 'running';
    const url = gateway.servers[0]?.resourceUrl;
    const { port } = gateway;
    this.#record = { ...this.#record, phase: 'running', hasServed: true, port, ...(url === undefined ? {} : { url }) };
    await writeRunRecord(this.#claim.place, this.#record);
  }

  /** Was it there before this start, with saved settings? */
  get isKept(): boolean {
    return this.#record.hasServed && !this.#deps.isPassing;
  }

  stopping(): void {
    this.#phase = 'stopping';
  }

  async end(end: ServerEnd & { exitCode: number }): Promise<void> {
    process.off('exit', this.#onExit);
    this.#write(end);
    await this.#control?.[Symbol.asyncDispose]();
  }

  /** When the process ends without having closed it. */
  #fell(exitCode: number): void {
    const isWanted = this.#deps.signal.aborted;
    this.#write({
      isWanted,
      reason: isWanted ? 'stopped at once' : `its process exited with code ${exitCode}`,
      exitCode,
    });
  }

  /** Without waiting: the process may be about to end. */
  #write(end: ServerEnd & { exitCode: number }): void {
    clearInterval(this.#life);
    const { place } = this.#claim;
    try {
      if (this.#deps.isPassing) return rmSync(place.folder, { recursive: true, force: true });
      const { claim: _, control: __, ...rest } = this.#record;
      const record: RunRecord = { ...rest, phase: 'ended', end: { at: new Date().toISOString(), ...end } };
      const draft = `${place.run}.${process.pid}`;
      writeFileSync(draft, `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600 });
      renameSync(draft, place.run);
    } catch (error) {
      this.#deps.log.warn('Cannot write down how the server ended', { hint: describe(error) });
    }
  }

  #showLife(): void {
    try {
      const now = new Date();
      utimesSync(this.#claim.place.run, now, now);
    } catch {
      // Whoever took the folder away gets no sign.
    }
  }

  async #look(): Promise<ControlAnswer> {
    const { place } = this.#claim;
    const known = { folder: place.folder, pid: process.pid, phase: this.#phase };
    const server = this.#gateway?.servers[0];
    if (server === undefined || this.#gateway === undefined) return known;
    const { lastCallAt, lastRefusal, ...counts } = this.calls.read();
    return {
      ...known,
      url: server.resourceUrl,
      health: {
        uptimeSeconds: Math.round((performance.now() - this.#startedAtMs) / 1000),
        memoryBytes: process.memoryUsage.rss(),
        waitingFor: [...this.#gateway.waitingFor()],
        upstream: { target: server.target, ...(await probeUpstream(server.target)) },
        ...(server.life === undefined ? {} : { life: readLife(server.life) }),
        ...counts,
        ...(lastCallAt === undefined ? {} : { lastCallAt }),
        ...(lastRefusal === undefined ? {} : { lastRefusal }),
      },
    };
  }
}

function readLife({ restarts, recentEnds, lastEnd, since, processes, check }: ServerLife): Life {
  return {
    restarts,
    recentEnds,
    ...(lastEnd === undefined ? {} : { lastEnd: { at: lastEnd.at.toISOString(), reason: plain(lastEnd.reason) } }),
    ...(since === undefined ? {} : { since: since.toISOString() }),
    ...(processes === undefined ? {} : { processes }),
    ...(check === undefined ? {} : { check }),
  };
}
