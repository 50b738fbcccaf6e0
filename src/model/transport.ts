import { z } from 'zod';
import { setting } from './setting.ts';

/** How an MCP server is spoken with, whatever runs it. Each strategy that has a server makes its own. */
export function transportSetting() {
  return setting(z.enum(['streamable-http', 'sse', 'stdio']).default('streamable-http'), {
    help: 'How the server behind is spoken with; callers always speak Streamable HTTP. sse is the older HTTP+SSE of 2024-11-05, stdio the standard streams of a server that is run here',
    flag: 'transport',
    group: 'Server',
  });
}

export type Transport = z.output<ReturnType<typeof transportSetting>>;
