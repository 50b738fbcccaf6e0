/** Where messages go, as the first event says: a URL, or a part of one (MCP 2024-11-05, HTTP with SSE). The user's token goes
 * there, so it has to be the server that was configured.
 * @returns what is wrong with it, as a clause, where something is
 */
export function findPostUrl(data: string, streamUrl: URL): URL | string {
  if (!URL.canParse(data, streamUrl.href)) return 'its event names an endpoint that is no URL';
  const url = new URL(data, streamUrl);
  if (url.origin !== streamUrl.origin)
    return `its event names an endpoint at ${url.origin}, another origin than ${streamUrl.origin}; nothing is sent there`;
  if (url.username !== '' || url.password !== '') return 'its event names an endpoint with a user name in it';
  return url;
}
