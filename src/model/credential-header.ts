import { z } from 'zod';

/** Headers that frame a message, that MCP gives a meaning, or that go on from the caller: a credential in one of them would
 * break the call, or be mistaken for what the caller said.
 */
const takenHeaders = new Set(
  (
    'host connection keep-alive proxy-connection te trailer transfer-encoding upgrade content-length content-encoding content-type expect ' +
    'accept accept-encoding accept-language last-event-id traceparent tracestate baggage origin proxy-authorization dpop'
  ).split(' '),
);

/** The name of a header that carries a credential. */
export function credentialHeader(): z.ZodString {
  return z
    .string()
    .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'a header name (RFC 9110 §5.1)')
    .refine(
      (name) => !takenHeaders.has(name.toLowerCase()) && !name.toLowerCase().startsWith('mcp-'),
      'a header that is not one of MCP’s and not about framing',
    );
}
