// A web application with go-oidc and golang.org/x/oauth2: discovery, code and PKCE, an ID token that is verified,
// userinfo, refresh.
//
// Prints the URL that the user has to open; reads the URL that the user came back to; prints what it knows then.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/url"
	"os"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	issuer, clientID, secret, redirectURL := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	ctx := context.Background()
	// Compares the issuer of the metadata with the one that was asked.
	provider := must(oidc.NewProvider(ctx, issuer))
	config := oauth2.Config{
		ClientID:     clientID,
		ClientSecret: secret,
		RedirectURL:  redirectURL,
		Endpoint:     provider.Endpoint(),
		Scopes:       []string{oidc.ScopeOpenID, "profile", "email", oidc.ScopeOfflineAccess},
	}
	verifier := oauth2.GenerateVerifier()
	state, nonce := oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
	fmt.Println(config.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier), oidc.Nonce(nonce)))

	line := must(bufio.NewReader(os.Stdin).ReadString('\n'))
	back := must(url.Parse(line[:len(line)-1])).Query()
	if back.Get("state") != state || back.Get("iss") != issuer {
		log.Fatalf("not the answer to this request: %v", back["error"])
	}
	token := must(config.Exchange(ctx, back.Get("code"), oauth2.VerifierOption(verifier)))
	raw, _ := token.Extra("id_token").(string)
	idToken := must(provider.Verifier(&oidc.Config{ClientID: clientID}).Verify(ctx, raw))
	if idToken.Nonce != nonce {
		log.Fatal("another nonce")
	}
	if err := idToken.VerifyAccessToken(token.AccessToken); err != nil {
		log.Fatal(err)
	}

	// An expired token: the library refreshes it before it asks.
	token.Expiry = time.Now().Add(-time.Hour)
	source := config.TokenSource(ctx, token)
	about := must(provider.UserInfo(ctx, source))
	if about.Subject != idToken.Subject || must(source.Token()).AccessToken == token.AccessToken {
		log.Fatal("another user, or no new token")
	}
	var claims struct {
		Username string `json:"preferred_username"`
	}
	if err := about.Claims(&claims); err != nil {
		log.Fatal(err)
	}
	said := map[string]string{"sub": about.Subject, "username": claims.Username, "email": about.Email}
	fmt.Println(string(must(json.Marshal(said))))
}
