import type { BackOff } from '../lib/back-off.ts';
import type { UpstreamAnswer, UpstreamExchange, UpstreamRequest, UpstreamUser } from '../model/upstream.ts';
import { fail, UsherError } from '../model/usher-error.ts';
import { AnswerStream } from './answer-stream.ts';
import type { OpenChannel } from './channel.ts';
import type { Places } from './places.ts';
import { probeEra, type Era } from './probe-era.ts';
import {
  headerMismatch,
  invalidRequest,
  metaOf,
  methodNotFound,
  unsupportedVersion,
  type RpcMessage,
} from './rpc-message.ts';
import { SharedChannel } from './shared-channel.ts';
import { userKey } from './user-key.ts';

/** It ran for so long: the next wait is the first again. */
const healthyMs = 60_000;
const reapEveryMs = 30_000;
/** A user's server that seems to be of before is asked again after so long. */
const legacyMs = 300_000;

export interface SharedChannelsOptions {
  readonly target: string;
  readonly open: OpenChannel;
  /** Has each user a channel of their own? */
  readonly isPerUser: boolean;
  readonly answerTimeoutMs: number;
  /** How long a server may take until it says what it speaks. */
  readonly startTimeoutMs: number;
  readonly idleMs: number;
  readonly buildBackOff: () => BackOff;
}

/** The channel of one user, or of all, over the servers that end and those that take their place. */
interface Place {
  /** Whose it is; empty where it is everybody's. */
  readonly principal: string;
  readonly backOff: BackOff;
  /** The one that takes calls. */
  current: Promise<SharedChannel | undefined> | undefined;
  outage: { readonly reason: string; readonly untilMs: number } | undefined;
  /** Until then its server is taken to speak versions with sessions. */
  legacyUntilMs: number;
}

/** The channels for clients of MCP 2026-07-28 and later: one for all, or one for each user. Each begins with a probe of what
 * its server speaks, until that is known. One that ended is opened again by the next call, after a wait that grows while they
 * keep ending.
 */
export class SharedChannels {
  readonly #options: SharedChannelsOptions;
  readonly #places: () => Places;
  readonly #byUser = new Map<string, Place>();
  readonly #open = new Map<SharedChannel, Place>();
  readonly #reaper: NodeJS.Timeout;
  #era: Era | undefined;

  constructor(options: SharedChannelsOptions, places: () => Places) {
    this.#options = options;
    this.#places = places;
    this.#reaper = setInterval(() => this.#reap(), Math.min(reapEveryMs, options.idleMs)).unref();
  }

  /** Opens the channel for all, and finds out what the server speaks.
   * @throws UsherError of stage forward
   */
  async start(): Promise<void> {
    await this.#findChannel(this.#placeOf(undefined), undefined);
  }

  take(request: UpstreamRequest, message: RpcMessage, answer: UpstreamAnswer): UpstreamExchange {
    const stream = new AnswerStream(answer);
    void this.#post(request, message, stream);
    return stream;
  }

  /** Ends what a user does not use just now; false where there is nothing. */
  makeRoom(principal: string): boolean {
    const idle = this.#options.isPerUser ? this.#of(principal).find((one) => one.isIdle) : undefined;
    idle?.end(this.#over('a session of the same user took its place'));
    return idle !== undefined;
  }

  withdraw(principal: string): void {
    if (!this.#options.isPerUser) return;
    for (const one of this.#of(principal)) one.end(this.#over('the user may not go on'));
  }

  close(): void {
    clearInterval(this.#reaper);
    for (const one of this.#open.keys()) one.end(this.#over('the gateway stops'));
  }

  #of(principal: string): SharedChannel[] {
    return [...this.#open].filter(([, place]) => place.principal === principal).map(([one]) => one);
  }

  #placeOf(user: UpstreamUser | undefined): Place {
    const owner = this.#options.isPerUser ? user : undefined;
    const key = owner === undefined ? '' : userKey(owner);
    const known = this.#byUser.get(key);
    if (known !== undefined) return known;
    const place: Place = {
      principal: owner?.principal ?? '',
      backOff: this.#options.buildBackOff(),
      current: undefined,
      outage: undefined,
      legacyUntilMs: 0,
    };
    this.#byUser.set(key, place);
    return place;
  }

  async #post(request: UpstreamRequest, message: RpcMessage, stream: AnswerStream): Promise<void> {
    try {
      const channel =
        this.#era?.kind === 'legacy' ? undefined : await this.#findChannel(this.#placeOf(request.user), request);
      const versions = this.#era?.kind === 'modern' ? this.#era.versions : [];
      const requested = metaOf(message)['io.modelcontextprotocol/protocolVersion'];
      // Whoever went away meanwhile has cancelled: the server must not do it all the same.
      if (stream.isOver) return;
      if (channel === undefined) refuseModern(message, stream);
      else if (message.method === 'initialize') stream.answer(404, methodNotFound(message.id ?? null, message.method));
      else if (versions.length > 0 && !versions.some((one) => one === requested))
        stream.answer(400, unsupportedVersion(message.id ?? null, { supported: versions, requested }));
      else await postChecked(channel, { message, request, stream });
    } catch (error) {
      stream.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** The channel a call goes over; undefined when the server has no use for one. */
  async #findChannel(place: Place, request: UpstreamRequest | undefined): Promise<SharedChannel | undefined> {
    const before = place.current;
    const known = await before?.catch(() => undefined);
    if (this.#era?.kind === 'legacy' || place.legacyUntilMs > Date.now()) return undefined;
    const isGood = known !== undefined && !known.isOver;
    if (isGood && (request === undefined || known.channel?.renew(request.user) === true)) return known;
    // Others look as well: the first opens the next one, and they wait for that.
    if (place.current !== before) return this.#findChannel(place, request);
    place.current = this.#openNext(place, request);
    if (isGood) this.#retire(known);
    return place.current;
  }

  async #openNext(place: Place, request: UpstreamRequest | undefined): Promise<SharedChannel | undefined> {
    checkOutage(place);
    const leave = this.#options.isPerUser ? this.#places().take(place.principal) : () => {};
    const shared = new SharedChannel(this.#options);
    const startedAtMs = performance.now();
    shared.onEnded = (bySelf) => {
      leave();
      this.#open.delete(shared);
      if (performance.now() - startedAtMs >= healthyMs) place.backOff.reset();
      if (bySelf !== undefined) place.outage = { reason: bySelf, untilMs: Date.now() + place.backOff.nextMs() };
    };
    this.#open.set(shared, place);
    try {
      shared.channel = await this.#options.open(request, shared);
    } catch (error) {
      shared.onEnded(error instanceof UsherError ? error.message : String(error));
      throw error;
    }
    const era = this.#era ?? (await probeEra(shared, this.#options.startTimeoutMs));
    shared.forgetQuestions();
    this.#learn(era, place);
    if (era.kind === 'modern') return shared;
    shared.end(this.#over('it speaks versions with sessions, and has no use for a channel without'));
    return undefined;
  }

  /** Of a server with a user's token nobody knows whether it is of before, or would say something else to another user: any answer
   * but a good one means the first.
   */
  #learn(era: Era, place: Place): void {
    if (era.kind === 'legacy' && this.#options.isPerUser) place.legacyUntilMs = Date.now() + legacyMs;
    else this.#era = era;
  }

  /** No more calls; those under way may end. */
  #retire(shared: SharedChannel): void {
    const end = () => shared.end(this.#over('another one took its place'));
    if (shared.isIdle) end();
    else shared.onIdle = end;
  }

  #reap(): void {
    if (!this.#options.isPerUser) return;
    const before = performance.now() - this.#options.idleMs;
    for (const one of this.#open.keys()) if (one.isIdle && one.usedAtMs < before) one.end(this.#over('nobody used it'));
    const used = new Set(this.#open.values());
    for (const [key, place] of this.#byUser)
      if (!used.has(place) && Math.max(place.outage?.untilMs ?? 0, place.legacyUntilMs) < Date.now())
        this.#byUser.delete(key);
  }

  #over(reason: string): UsherError {
    return fail('upstream_failed', { target: this.#options.target, reason });
  }
}

interface Posted {
  readonly message: RpcMessage;
  readonly request: UpstreamRequest;
  readonly stream: AnswerStream;
}

/** Sends a message on, a call of a tool only where its headers say what its arguments do. */
async function postChecked(channel: SharedChannel, { message, request, stream }: Posted): Promise<void> {
  const isCall = message.method === 'tools/call' && message.kind === 'request';
  const problem = isCall ? await channel.toolHeaders.findProblem(message, request.headers) : undefined;
  if (stream.isOver) return;
  if (problem !== undefined) stream.answer(400, headerMismatch(message.id ?? null, problem));
  else channel.post(message, request, stream);
}

function checkOutage({ outage }: Place): void {
  const waitMs = (outage?.untilMs ?? 0) - Date.now();
  if (outage === undefined || waitMs <= 0) return;
  const next = `It is started again by the first call after ${new Date(outage.untilMs).toISOString()}`;
  throw fail('workload_down', { reason: outage.reason, next }, { retryAfterSeconds: Math.ceil(waitMs / 1000) });
}

/** In words that no server of the newer era has, so that a client of both begins with `initialize`. */
function refuseModern(message: RpcMessage, stream: AnswerStream): void {
  const text = 'This server speaks protocol versions with sessions: begin with initialize';
  stream.answer(400, invalidRequest(message.id ?? null, text));
}
