import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AuditRecord } from '../model/audit-record.ts';
import type { AuditSink } from '../model/audit-sink.ts';
import type { SignIn, SignInEvent } from '../model/sign-in.ts';
import type { Inbound } from '../model/inbound.ts';
import { hints } from './hints.ts';
import { OAuthError, type OAuthErrorCode } from './oauth-error.ts';
import type { Issued } from './read-issued.ts';

/** Which façade it was. */
export interface VisitedFacade {
  /** Name of the mounted server. */
  readonly name: string;
  readonly provider: string;
  readonly providerClient: string;
}

/** What becomes known of a sign-in on the way. */
type Facts = Partial<Pick<SignIn, 'flow' | 'app' | 'appName' | 'redirectUri' | 'scopes'>> & Partial<Issued>;

/** How a request ended. */
interface Ending {
  readonly event: SignInEvent;
  /** HTTP status it is answered with. */
  readonly status: number;
  readonly reason: string;
  /** What the app or the person is refused with. */
  readonly error?: OAuthErrorCode;
  readonly details?: AuditRecord['details'];
}

/** One request to the façade: what is known of it so far, and its record in the audit trail, which is written once. */
export class Visit {
  readonly id: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Without the question mark. */
  readonly query: string;
  readonly #inbound: Inbound;
  readonly #audit: AuditSink;
  readonly #facade: VisitedFacade;
  #facts: Facts = {};
  #isRecorded = false;

  constructor(inbound: Inbound, audit: AuditSink, facade: VisitedFacade) {
    this.id = inbound.id;
    this.request = inbound.request;
    this.response = inbound.response;
    this.query = inbound.query.slice(1);
    this.#inbound = inbound;
    this.#audit = audit;
    this.#facade = facade;
  }

  learn(facts: Facts): void {
    this.#facts = { ...this.#facts, ...facts };
  }

  /** While nothing can be written, nobody gets in: as with calls.
   * @throws OAuthError temporarily_unavailable
   */
  checkAudit(): void {
    if (this.#audit.failure !== undefined)
      throw new OAuthError('temporarily_unavailable', 'Nobody can be signed in now. Try again in a moment.', {
        status: 503,
        retryAfterSeconds: 10,
      });
  }

  /** Puts on record how it ended. Resolves when that is written (or has failed and waits): only then it is answered. */
  async record(ending: Ending): Promise<void> {
    if (this.#isRecorded) return;
    this.#isRecorded = true;
    const record = this.#build(ending);
    await new Promise<void>((resolve) => this.#audit.write(record, resolve));
  }

  #build({ event, status, reason, error, details }: Ending): AuditRecord {
    const { id, startedAtMs, from, request, path } = this.#inbound;
    const { who, claims, ...app } = this.#facts;
    const { name, provider, providerClient } = this.#facade;
    const isFault = error === 'server_error' || error === 'temporarily_unavailable';
    return {
      v: 1,
      time: new Date(startedAtMs).toISOString(),
      id,
      server: name,
      who: who ?? {},
      from,
      what: { http: `${request.method ?? '?'} ${path}` },
      decision: error === undefined ? 'allowed' : isFault ? 'failed' : 'refused',
      reason,
      hint: error === undefined ? undefined : hints[error],
      details,
      signIn: { event, ...app, provider, providerClient, ...(error === undefined ? {} : { error }) },
      caller: claims,
      status: this.response.destroyed ? 0 : status,
      ms: { total: Date.now() - startedAtMs },
    };
  }
}
