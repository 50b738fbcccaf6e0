import type { Clock } from '../../lib/clock.ts';
import { describe } from '../../lib/describe-error.ts';
import type { HttpClient } from '../../lib/http-client.ts';
import { LastFailure } from '../../lib/last-failure.ts';
import { SingleFlight } from '../../lib/single-flight.ts';
import type { Log } from '../../model/log.ts';
import { fail } from '../../model/usher-error.ts';
import { discoverIntrospectionUrl } from '../discover.ts';
import type { IntrospectionSettings } from './schema.ts';

export interface EndpointLocationDeps {
  readonly http: HttpClient;
  readonly now: Clock;
  readonly log: Log;
  /** Of the mounted server. */
  readonly name: string;
}

const timeoutMs = 5_000;
/** How long it is believed before the issuer is asked again, in the background. It is not over then, as keys are after a while: they
 * may have been withdrawn, an address that moved answers no more. So the ages of the two have rules of their own.
 */
const lifeMs = 3_600_000;
/** After a failure the next call asks again, but not more often than this. */
const retryMs = 500;

interface Found {
  readonly url: string;
  readonly atMs: number;
}

/** Where the issuer is asked about tokens: as the settings say, or else as its metadata does, which is read once for all who
 * wait for it and kept through an outage.
 */
export class EndpointLocation {
  readonly #settings: IntrospectionSettings;
  readonly #deps: EndpointLocationDeps;
  readonly #flight = new SingleFlight<void>();
  #found: Found | undefined;
  readonly #failure = new LastFailure();

  constructor(settings: IntrospectionSettings, deps: EndpointLocationDeps) {
    this.#settings = settings;
    this.#deps = deps;
  }

  /** Undefined when it is known. */
  get lacking(): string | undefined {
    if ((this.#settings.url ?? this.#found) !== undefined) return undefined;
    const why = this.#failure.reason ?? 'not read yet';
    return `the metadata of ${this.#settings.issuer}, which says where to ask about tokens: ${why}`;
  }

  /** For messages, where it has to be called something before it is known, too. */
  get label(): string {
    return this.#settings.url ?? this.#found?.url ?? `of ${this.#settings.issuer}`;
  }

  /** The URL, waiting for the issuer's metadata where nobody has read it yet.
   * @throws UsherError introspection_undiscovered
   */
  async find(): Promise<string> {
    const { url, issuer } = this.#settings;
    if (url !== undefined) return url;
    if (this.#isDue()) {
      const read = this.#flight.run('metadata', () => this.#read());
      if (this.#found === undefined) await read;
    }
    if (this.#found !== undefined) return this.#found.url;
    throw fail('introspection_undiscovered', { issuer, reason: this.#failure.reason ?? 'not read yet' });
  }

  #isDue(): boolean {
    const nowMs = this.#deps.now();
    if (this.#flight.has('metadata')) return true;
    // A clock that was set back that far makes it due at once.
    const isOld = this.#found === undefined || Math.abs(nowMs - this.#found.atMs) >= lifeMs;
    return isOld && !this.#failure.wasWithin(retryMs, nowMs);
  }

  /** Never throws: what went wrong is kept, and so is what was found before. */
  async #read(): Promise<void> {
    const { http, now, log, name } = this.#deps;
    const { issuer, clientAuthentication, insecureAllowHttp: allowHttp } = this.#settings;
    try {
      const url = await discoverIntrospectionUrl(issuer, clientAuthentication, { http, timeoutMs, allowHttp });
      this.#found = { url, atMs: now() };
      if (this.#failure.clear()) log.info(`${issuer} can be asked about tokens, at ${url}`, { server: name });
    } catch (cause) {
      const reason = describe(cause);
      if (this.#failure.note(reason, now())) this.#tellFailure(reason);
    }
  }

  /** Once for each outage: what follows from it is in the log and in /ready by itself. */
  #tellFailure(reason: string): void {
    const { log, name } = this.#deps;
    const { issuer } = this.#settings;
    const hint =
      this.#found === undefined
        ? 'Until it works, calls are refused with introspection_undiscovered and /ready says 503; both ask again. --introspection-url (url) says where, without metadata.'
        : `${this.#found.url}, found before, is asked as long as that is so.`;
    log.warn(`Cannot find out where ${issuer} is asked about tokens: ${reason}`, { server: name, hint });
  }
}
