import { z } from 'zod';

/** Settings of the `none` credential: the MCP server gets no token at all. */
export const noneSchema = z.strictObject({
  strategy: z.literal('none'),
});
