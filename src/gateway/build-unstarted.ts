import type { ServerConfig } from '../config/schema.ts';
import type { Upstream } from '../model/upstream.ts';
import { fail } from '../model/usher-error.ts';

/** A server over stdin and stdout where none is run: for whoever looks at a configuration without serving it. */
export function buildUnstarted(upstream: Exclude<ServerConfig['upstream'], { strategy: 'http' }>): Upstream {
  const label = upstream.strategy === 'process' ? upstream.command[0] : upstream.image;
  return {
    strategy: 'stdio',
    target: `stdio:${label ?? ''}`,
    send(_request, answer) {
      const reason = 'only a running gateway speaks with it, over its stdin and stdout';
      const next = 'Start the gateway, and call a tool through it';
      let isAborted = false;
      queueMicrotask(() => {
        if (!isAborted) answer.onError(fail('workload_down', { reason, next }));
      });
      return {
        abort() {
          isAborted = true;
        },
        pause() {},
        resume() {},
      };
    },
    close: () => Promise.resolve(),
  };
}
