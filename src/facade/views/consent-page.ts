import { html, type Markup } from '../../lib/html.ts';
import { isLoopbackRedirect } from '../redirect-uri.ts';
import { page } from './page.ts';

interface ConsentPage {
  /** The server that the app wants to use: its name in the configuration, and its URL. */
  readonly server: string;
  readonly resourceUrl: string;
  /** What the app says it is called; empty when it says nothing. */
  readonly client: string;
  /** Where it says that, if its document is its id. */
  readonly documentUrl: string | undefined;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  /** Host of the provider people sign in at next. */
  readonly provider: string;
  readonly action: string;
  readonly form: string;
}

/** Where the app is, in words that tell somebody whether it is theirs. */
function place(redirectUri: string): Markup {
  const { protocol, host } = new URL(redirectUri);
  if (isLoopbackRedirect(redirectUri)) return html`a program on <strong>this computer</strong> (<code>${host}</code>)`;
  if (protocol === 'https:') return html`the web site <strong>${host}</strong>`;
  return html`whichever program opens <strong>${protocol}//</strong> addresses on this computer`;
}

function vouching(documentUrl: string): Markup {
  return html`<dt>It is described at</dt>
    <dd>
      <strong>${new URL(documentUrl).host}</strong>
      <p class="small quiet"><code>${documentUrl}</code></p>
    </dd>`;
}

/** Of a program on the person's machine its document says nothing: any program can name it (MCP 2026-07-28, Client Registration). */
function warning(documentUrl: string): Markup {
  return html`<p class="caution" role="note">
    <strong>Any program on this computer can say that it is this app.</strong> ${new URL(documentUrl).host} only says
    that there is such an app.
  </p>`;
}

/** The page a person lets an app in on. The form posts `decision` (`allow` or `deny`) and `csrf` to `action`. */
export function consentPage({
  server,
  resourceUrl,
  client,
  documentUrl,
  redirectUri,
  scopes,
  provider,
  action,
  form,
}: ConsentPage): string {
  const app = client === '' ? html`An app without a name` : html`<bdi>${client}</bdi>`;
  const content = html`<div class="card stack">
      <h1>Let an app use <bdi>${server}</bdi> as you?</h1>
      <dl class="facts">
        <dt>It calls itself</dt>
        <dd>
          ${app}
          <p class="small quiet">Nobody has checked that name.</p>
        </dd>
        ${documentUrl === undefined ? undefined : vouching(documentUrl)}
        <dt>It is</dt>
        <dd>
          ${place(redirectUri)}
          <p class="small quiet"><code>${redirectUri}</code></p>
        </dd>
        <dt>It may use</dt>
        <dd><code>${resourceUrl}</code></dd>
        ${
          scopes.length === 0
            ? undefined
            : html`<dt>It asks for</dt>
                <dd>
                  <ul class="chips">
                    ${scopes.map((scope) => html`<li><code>${scope}</code></li>`)}
                  </ul>
                </dd>`
        }
      </dl>
      ${documentUrl !== undefined && isLoopbackRedirect(redirectUri) ? warning(documentUrl) : undefined}
      <form class="stack" method="post" action="${action}">
        <input type="hidden" name="csrf" value="${form}" />
        <div class="actions">
          <button type="submit" name="decision" value="deny">Deny</button>
          <button class="primary" type="submit" name="decision" value="allow">Allow</button>
        </div>
      </form>
    </div>
    <p class="aside small quiet">
      Allow only if you have just started to sign in from that app yourself. You then sign in at
      <strong>${provider}</strong>.
    </p>`;
  return page({ title: `Let an app use ${server}`, content });
}
