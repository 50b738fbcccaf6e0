import type { ServerLife } from './server-life.ts';
import type { UsherError } from './usher-error.ts';

/** Shows how far something is, in place of what it showed before; undefined when it is over. */
export type ShowProgress = (text: string | undefined) => void;

/** Seam: how we run the MCP server. One folder per member under workloads/. */
export interface Workload extends AsyncDisposable {
  /** Where its MCP endpoint answers, over all restarts. */
  readonly url: string;
  /** Why calls must be refused now, or undefined while it runs. */
  readonly failure: UsherError | undefined;
  /** Undefined where another process runs it. */
  readonly life: ServerLife | undefined;
  /** Resolves with a sentence when it ended by itself and is not started again. */
  readonly ended: Promise<string>;
  /** Stops it; resolves when nothing of it is left. */
  [Symbol.asyncDispose](): PromiseLike<void>;
}
