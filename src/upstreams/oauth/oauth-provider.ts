import type {
  OAuthClientInformationContext,
  OAuthClientMetadata,
  OAuthClientProvider,
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
  StoredOAuthTokens,
} from '@modelcontextprotocol/client';
import type { GatewayError } from '../../kernel/errors.js';
import { answeredBadly } from '../mcp/upstream-fault.js';
import type { OAuthSettings } from '../../registry/gateway-secrets.service.js';
import type { BegunLogin, LoginRecord } from './login-record.js';

/** What a provider works with. */
export interface ProviderParts {
  readonly record: LoginRecord;
  readonly settings: OAuthSettings;
  readonly clientMetadata: OAuthClientMetadata;
  /** Where the authorization server sends the browser; `null` = nobody can log in now. */
  readonly redirectUrl: string | null;
  /** Public address of our client id metadata document; '' = there is none. */
  readonly clientMetadataUrl: string;
  readonly state?: string;
  /** On the way back from the authorization server. */
  readonly begun?: Pick<BegunLogin, 'verifier' | 'discovery'>;
}

/**
 * One run of the SDK's `auth` for one Gateway: it reads the record as it was and collects what is new
 * in `record`, `verifier`, `discovery` and `authorizationUrl`. Nothing is stored here.
 */
export class GatewayOAuthProvider implements OAuthClientProvider {
  record: LoginRecord;
  verifier = '';
  discovery: OAuthDiscoveryState | undefined;
  authorizationUrl: URL | null = null;
  /** The last thing that failed without a word about what was asked. */
  fault: GatewayError | null = null;
  /** The authorization server that was found. */
  issuer: string | null = null;
  readonly clientMetadataUrl?: string;

  constructor(private readonly parts: ProviderParts) {
    this.record = parts.record;
    this.discovery = parts.begun?.discovery;
    if (parts.clientMetadataUrl !== '') this.clientMetadataUrl = parts.clientMetadataUrl;
  }

  get redirectUrl(): string | undefined {
    const { settings, redirectUrl } = this.parts;
    if (settings.grantType === 'client_credentials') return undefined;
    return redirectUrl ?? this.record.redirectUrl ?? 'http://localhost/oauth/callback';
  }

  get clientMetadata(): OAuthClientMetadata {
    return this.parts.clientMetadata;
  }

  state(): string {
    return this.parts.state ?? '';
  }

  /** Configured, else what this very authorization server knows us as. */
  clientInformation(ctx?: OAuthClientInformationContext): StoredOAuthClientInformation | undefined {
    const { clientId, clientSecret } = this.parts.settings;
    this.issuer = ctx?.issuer ?? null;
    if (clientId === undefined) return this.record.clients[ctx?.issuer ?? ''];
    const issuer = ctx?.issuer ?? '';
    this.bind(clientId, issuer);
    const client = { client_id: clientId, issuer };
    return clientSecret === undefined ? client : { ...client, client_secret: clientSecret };
  }

  /** An upstream that names another server must not be given what this one was told. */
  private bind(clientId: string, issuer: string): void {
    const { bound } = this.record;
    if (bound?.clientId === clientId && bound.issuer !== issuer)
      throw answeredBadly(
        `it names another authorization server (${issuer}) than the configured client belongs to`,
      );
    this.record = { ...this.record, bound: { clientId, issuer } };
  }

  saveClientInformation(
    client: StoredOAuthClientInformation,
    ctx?: OAuthClientInformationContext,
  ): void {
    if (this.parts.settings.clientId !== undefined) return;
    this.record = {
      ...this.record,
      clients: { ...this.record.clients, [ctx?.issuer ?? client.issuer ?? '']: client },
    };
  }

  tokens(): StoredOAuthTokens | undefined {
    return this.record.tokens ?? undefined;
  }

  saveTokens(tokens: StoredOAuthTokens): void {
    // A refresh may leave out the refresh token: the old one holds on (RFC 6749 §6).
    const refresh = tokens.refresh_token ?? this.refreshTokenOf(tokens.issuer);
    const kept = refresh === undefined ? tokens : { ...tokens, refresh_token: refresh };
    this.record = { ...this.record, tokens: kept, tokensAt: Date.now() };
  }

  redirectToAuthorization(url: URL): void {
    this.authorizationUrl = url;
  }

  saveCodeVerifier(verifier: string): void {
    this.verifier = verifier;
  }

  codeVerifier(): string {
    return this.parts.begun?.verifier ?? this.verifier;
  }

  /** @throws GatewayError `upstream_error` when the server does not know PKCE with S256 */
  saveDiscoveryState(state: OAuthDiscoveryState): void {
    this.discovery = state;
    if (this.parts.settings.grantType === 'client_credentials') return;
    const methods = state.authorizationServerMetadata?.code_challenge_methods_supported;
    if (methods?.includes('S256') !== true)
      throw answeredBadly('its authorization server does not support PKCE with S256');
  }

  discoveryState(): OAuthDiscoveryState | undefined {
    return this.discovery;
  }

  invalidateCredentials(scope: 'all' | 'client' | 'tokens' | 'verifier' | 'discovery'): void {
    if (scope === 'all' || scope === 'tokens') this.record = { ...this.record, tokens: null };
    if (scope === 'all' || scope === 'client') this.record = { ...this.record, clients: {} };
  }

  prepareTokenRequest(scope?: string): URLSearchParams | undefined {
    const { grantType, audience } = this.parts.settings;
    if (grantType !== 'client_credentials') return undefined;
    const form = new URLSearchParams({ grant_type: grantType });
    if (scope !== undefined) form.set('scope', scope);
    if (audience !== undefined) form.set('audience', audience);
    return form;
  }

  private refreshTokenOf(issuer: string | undefined): string | undefined {
    const { tokens } = this.record;
    return tokens !== null && tokens.issuer === issuer ? tokens.refresh_token : undefined;
  }
}
