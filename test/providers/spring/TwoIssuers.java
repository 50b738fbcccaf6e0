import static org.springframework.security.oauth2.core.AuthorizationGrantType.AUTHORIZATION_CODE;
import static org.springframework.security.oauth2.core.AuthorizationGrantType.CLIENT_CREDENTIALS;
import static org.springframework.security.oauth2.core.AuthorizationGrantType.TOKEN_EXCHANGE;
import static org.springframework.security.oauth2.core.ClientAuthenticationMethod.CLIENT_SECRET_BASIC;
import static org.springframework.security.oauth2.core.ClientAuthenticationMethod.CLIENT_SECRET_POST;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.oauth2.core.OAuth2AuthenticationException;
import org.springframework.security.oauth2.core.OAuth2Error;
import org.springframework.security.oauth2.server.authorization.OAuth2TokenType;
import org.springframework.security.oauth2.server.authorization.authentication.OAuth2TokenExchangeAuthenticationToken;
import org.springframework.security.oauth2.server.authorization.client.InMemoryRegisteredClientRepository;
import org.springframework.security.oauth2.server.authorization.client.RegisteredClient;
import org.springframework.security.oauth2.server.authorization.client.RegisteredClientRepository;
import org.springframework.security.oauth2.server.authorization.config.annotation.web.configurers.OAuth2AuthorizationServerConfigurer;
import org.springframework.security.oauth2.server.authorization.settings.AuthorizationServerSettings;
import org.springframework.security.oauth2.server.authorization.settings.ClientSettings;
import org.springframework.security.oauth2.server.authorization.settings.TokenSettings;
import org.springframework.security.oauth2.server.authorization.token.JwtEncodingContext;
import org.springframework.security.oauth2.server.authorization.token.OAuth2TokenCustomizer;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.authentication.LoginUrlAuthenticationEntryPoint;

/**
 * Spring Authorization Server in the shape of the scenario: issuers /as/mcpserver and /as/backend over one store, so that a
 * token of the one can be exchanged at the other.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
public class TwoIssuers {
  public static void main(String[] args) {
    SpringApplication.run(TwoIssuers.class, args);
  }

  @Bean
  AuthorizationServerSettings settings() {
    return AuthorizationServerSettings.builder().multipleIssuersAllowed(true).build();
  }

  @Bean
  @Order(1)
  SecurityFilterChain protocol(HttpSecurity http) throws Exception {
    var server = OAuth2AuthorizationServerConfigurer.authorizationServer();
    return http.securityMatcher(server.getEndpointsMatcher())
        .with(server, (it) -> it.oidc(Customizer.withDefaults()))
        .authorizeHttpRequests((it) -> it.anyRequest().authenticated())
        .exceptionHandling((it) -> it.authenticationEntryPoint(new LoginUrlAuthenticationEntryPoint("/login")))
        .build();
  }

  @Bean
  @Order(2)
  SecurityFilterChain pages(HttpSecurity http) throws Exception {
    return http.authorizeHttpRequests((it) -> it.anyRequest().authenticated()).formLogin(Customizer.withDefaults()).build();
  }

  @Bean
  UserDetailsService users() {
    return new InMemoryUserDetailsManager(
        User.withUsername("alice").password("{noop}alice-password").roles("USER").build(),
        User.withUsername("bob").password("{noop}bob-password").roles("USER").build());
  }

  @Bean
  RegisteredClientRepository clients() {
    var tokens = TokenSettings.builder().accessTokenTimeToLive(Duration.ofMinutes(5)).build();
    var mcpClient =
        RegisteredClient.withId("1")
            .clientId("mcp-client")
            .clientSecret("{noop}client-secret")
            .clientAuthenticationMethod(CLIENT_SECRET_POST)
            .authorizationGrantType(AUTHORIZATION_CODE)
            .redirectUri("http://127.0.0.1:33418/")
            .scope("openid")
            .scope("email")
            .scope("mcp:tools:call")
            .clientSettings(ClientSettings.builder().requireProofKey(true).build())
            .tokenSettings(tokens)
            .build();
    var gateway =
        RegisteredClient.withId("2")
            .clientId("gateway")
            .clientSecret("{noop}gateway-secret")
            .clientAuthenticationMethod(CLIENT_SECRET_BASIC)
            .authorizationGrantType(TOKEN_EXCHANGE)
            .authorizationGrantType(CLIENT_CREDENTIALS)
            .scope("backend-api:read")
            .tokenSettings(tokens)
            .build();
    var withoutGrant =
        RegisteredClient.withId("3")
            .clientId("without-grant")
            .clientSecret("{noop}another-secret")
            .clientAuthenticationMethod(CLIENT_SECRET_BASIC)
            .authorizationGrantType(AUTHORIZATION_CODE)
            .redirectUri("http://127.0.0.1:33418/")
            .scope("backend-api:read")
            .build();
    return new InMemoryRegisteredClientRepository(mcpClient, gateway, withoutGrant);
  }

  /** The aud claim: `mcpserver` for sign-ins; for an exchange what its audience and resource parameters ask for. */
  @Bean
  OAuth2TokenCustomizer<JwtEncodingContext> audience() {
    return (context) -> {
      if (!OAuth2TokenType.ACCESS_TOKEN.equals(context.getTokenType())) return;
      if (!(context.getAuthorizationGrant() instanceof OAuth2TokenExchangeAuthenticationToken exchange)) {
        context.getClaims().audience(List.of("mcpserver"));
        return;
      }
      var wanted = new ArrayList<String>(exchange.getAudiences());
      wanted.addAll(exchange.getResources());
      if (wanted.isEmpty() || !List.of("backend", "http://127.0.0.1:4000").containsAll(wanted)) {
        throw new OAuth2AuthenticationException(new OAuth2Error("invalid_target"));
      }
      context.getClaims().audience(wanted);
    };
  }
}
