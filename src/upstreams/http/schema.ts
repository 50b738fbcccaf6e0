import { z } from 'zod';
import { setting } from '../../model/setting.ts';
import { transportSetting } from '../../model/transport.ts';
import { webUrl } from '../../model/web-url.ts';

/** Settings of the `http` upstream: an MCP server that already runs and speaks Streamable HTTP. */
export const httpSchema = z.strictObject({
  strategy: z.literal('http').default('http'),
  url: setting(webUrl(), {
    help: 'MCP endpoint of the server behind; /mcp is meant when it has no path, /sse with --transport sse',
    flag: 'target-uri',
    group: 'Server',
    placeholder: 'URL',
    example: 'http://127.0.0.1:8001/mcp',
  }),
  transport: transportSetting(),
});
