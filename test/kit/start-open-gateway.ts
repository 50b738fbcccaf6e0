import { startTestGateway, type TestGateway } from './start-test-gateway.ts';

type Upstream = Parameters<typeof startTestGateway>[0][string]['upstream'];

/** A gateway that lets everybody call, in front of something at a URL, and both go together. */
export async function startOpenGateway<S extends AsyncDisposable & { readonly url: string }>(
  upstream: S,
  more: Partial<Parameters<typeof startTestGateway>[0][string]> = {},
): Promise<{ readonly upstream: S; readonly gateway: TestGateway } & AsyncDisposable> {
  const settings: Upstream = { strategy: 'http', url: `${upstream.url}/mcp` };
  const gateway = await startTestGateway({
    open: { authenticate: [{ strategy: 'anonymous' }], upstream: settings, ...more },
  });
  return {
    upstream,
    gateway,
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await upstream[Symbol.asyncDispose]();
    },
  };
}
