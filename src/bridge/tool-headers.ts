import { setTimeout as sleep } from 'node:timers/promises';
import { isObject } from '../lib/is-object.ts';
import { findMismatch, type MirroredParam, readMirroredParams } from './mirrored-params.ts';
import { metaOf, type RpcMessage } from './rpc-message.ts';

/** Milliseconds for the whole list. */
const askMs = 5_000;
const mostPages = 50;
/** For so long what a server says of its tools is taken to be so: by its own word, within bounds; and where it says nothing. */
const [shortestMs, longestMs, usualMs] = [5_000, 300_000, 60_000];
/** A call that does not fit what was read longer ago than this is looked at again with what the server says now. */
const doubtfulMs = 1_000;

/** Who can be asked. */
interface Asked {
  /** @throws Error when it ends before it answers */
  ask(method: string, params: object): Promise<RpcMessage>;
  /** Waits no longer for what was not answered. */
  forgetQuestions(): void;
}

/** What the tools of one server want repeated in headers, which only their schemas say: the server that reads a call's arguments
 * has to compare them (MCP 2026-07-28, Streamable HTTP, server behavior for custom headers), and one that speaks over its
 * standard streams sees no headers.
 */
export class ToolHeaders {
  readonly #server: Asked;
  #byTool: ReadonlyMap<string, readonly MirroredParam[]> = new Map();
  #readAtMs = Number.NEGATIVE_INFINITY;
  #goodForMs = 0;
  #reading: Promise<void> | undefined;

  constructor(server: Asked) {
    this.#server = server;
  }

  /** The server says that its tools are others. */
  forget(): void {
    this.#goodForMs = 0;
  }

  /** What is wrong with the headers of a call of a tool, as a clause. A tool the server does not list, or a server that does not
   * list its tools, has none to compare.
   */
  async findProblem(call: RpcMessage, headers: readonly string[]): Promise<string | undefined> {
    if (this.#ageMs() >= this.#goodForMs) await this.#read(call);
    const problem = this.#compare(call, headers);
    if (problem === undefined || this.#ageMs() < doubtfulMs) return problem;
    await this.#read(call);
    return this.#compare(call, headers);
  }

  #ageMs(): number {
    return performance.now() - this.#readAtMs;
  }

  #compare(call: RpcMessage, headers: readonly string[]): string | undefined {
    const mirrored = this.#byTool.get(String(call.params['name']));
    return mirrored === undefined ? undefined : findMismatch(mirrored, call.text, headers);
  }

  /** Once for all who wait. */
  #read(call: RpcMessage): Promise<void> {
    this.#reading ??= this.#readAll(metaOf(call)['io.modelcontextprotocol/protocolVersion']).finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readAll(protocolVersion: unknown): Promise<void> {
    const late = new AbortController();
    const byTool = new Map<string, readonly MirroredParam[]>();
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': protocolVersion,
      'io.modelcontextprotocol/clientInfo': { name: 'usher', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    let ttlMs: unknown;
    try {
      const deadline = sleep(askMs, undefined, { ref: false, signal: late.signal }).catch(() => undefined);
      let cursor: unknown;
      for (let page = 0; page < mostPages && (page === 0 || typeof cursor === 'string'); page += 1) {
        const params = cursor === undefined ? { _meta } : { _meta, cursor };
        const result = (await Promise.race([this.#server.ask('tools/list', params), deadline]))?.result;
        if (!isObject(result)) break;
        addTools(byTool, result['tools']);
        cursor = result['nextCursor'];
        ttlMs = result['ttlMs'];
      }
    } catch {
      // It ended: so will the call, with the reason.
    } finally {
      late.abort();
      this.#server.forgetQuestions();
    }
    this.#byTool = byTool;
    this.#readAtMs = performance.now();
    this.#goodForMs = typeof ttlMs === 'number' ? Math.min(Math.max(ttlMs, shortestMs), longestMs) : usualMs;
  }
}

function addTools(byTool: Map<string, readonly MirroredParam[]>, tools: unknown): void {
  for (const tool of Array.isArray(tools) ? tools : []) {
    const mirrored = isObject(tool) ? readMirroredParams(tool['inputSchema']) : [];
    if (mirrored.length > 0 && isObject(tool)) byTool.set(String(tool['name']), mirrored);
  }
}
