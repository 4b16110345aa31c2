/*
 * Keys and algorithms of XML signatures.
 *
 * Every computation is libcrypto's; here are only the names by which a document asks for one, and the forms keys and
 * values are written in.  What is not in the tables is not done: HMAC (its key would have to be ours), DSA, and hashes
 * nobody should sign with.  SHA-1 stays, because Canada's alerts of earlier years are signed with it, and a signature
 * here proves no more than that nothing was changed by accident or by a simple hand.
 */
#include <string.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include "cap_sign.h"
#include "i18n.h"

#define MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define KEY_TEXT_MAX 65536 /* bytes of one certificate or number, in base64 */

static EVP_PKEY *key_of_certificate(const struct buf *, const char **wrong);
static EVP_PKEY *key_of_numbers(xmlNodePtr);
static bool raw_to_der(const struct buf *raw, struct buf *der);

bool
cap_base64(const char *s, struct buf *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = 0;
	unsigned n = 0, pads = 0;

	for (; *s != '\0'; s++) {
		const char *d;

		if (strchr(" \t\r\n", *s) != NULL)
			continue;
		if (*s == '=') {
			if (++pads > 2 || n + pads > 4 || n < 2)
				return false;
			continue;
		}
		d = strchr(digits, *s);
		if (d == NULL || pads > 0)
			return false;
		bits = bits << 6 | (uint32_t)(d - digits);
		if (++n < 4)
			continue;
		buf_put_u8(out, (uint8_t)(bits >> 16));
		buf_put_u8(out, (uint8_t)(bits >> 8));
		buf_put_u8(out, (uint8_t)bits);
		n = 0;
		bits = 0;
	}
	if (n == 0)
		return pads == 0 && out->n > 0;
	if (n + pads != 4 || (n == 2 ? (bits & 15) != 0 : (bits & 3) != 0))
		return false;
	bits <<= 6 * pads;
	buf_put_u8(out, (uint8_t)(bits >> 16));
	if (n == 3)
		buf_put_u8(out, (uint8_t)(bits >> 8));
	return true;
}

const struct cap_sign_method *
cap_sign_method(const char *uri)
{
	static const struct cap_sign_method methods[] = {
	    {CAP_DSIG "rsa-sha1", EVP_PKEY_RSA, EVP_sha1},
	    {MORE "rsa-sha224", EVP_PKEY_RSA, EVP_sha224},
	    {MORE "rsa-sha256", EVP_PKEY_RSA, EVP_sha256},
	    {MORE "rsa-sha384", EVP_PKEY_RSA, EVP_sha384},
	    {MORE "rsa-sha512", EVP_PKEY_RSA, EVP_sha512},
	    {MORE "ecdsa-sha1", EVP_PKEY_EC, EVP_sha1},
	    {MORE "ecdsa-sha224", EVP_PKEY_EC, EVP_sha224},
	    {MORE "ecdsa-sha256", EVP_PKEY_EC, EVP_sha256},
	    {MORE "ecdsa-sha384", EVP_PKEY_EC, EVP_sha384},
	    {MORE "ecdsa-sha512", EVP_PKEY_EC, EVP_sha512},
	};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(methods[i].uri, uri) == 0)
			return &methods[i];
	return NULL;
}

const EVP_MD *
cap_digest_method(const char *uri)
{
	static const struct {
		const char *uri;
		const EVP_MD *(*md)(void);
	} methods[] = {
	    {CAP_DSIG "sha1", EVP_sha1},
	    {MORE "sha224", EVP_sha224},
	    {"http://www.w3.org/2001/04/xmlenc#sha256", EVP_sha256},
	    {MORE "sha384", EVP_sha384},
	    {"http://www.w3.org/2001/04/xmlenc#sha512", EVP_sha512},
	};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(methods[i].uri, uri) == 0)
			return methods[i].md();
	return NULL;
}

static bool
named(xmlNodePtr n, const char *name)
{
	return n->type == XML_ELEMENT_NODE && n->ns != NULL && n->ns->href != NULL &&
	       strcmp((const char *)n->name, name) == 0 &&
	       (strcmp((const char *)n->ns->href, CAP_DSIG) == 0 || strcmp((const char *)n->ns->href, CAP_DSIG11) == 0);
}

xmlNodePtr
cap_dsig_child(xmlNodePtr up, const char *name)
{
	xmlNodePtr n = up == NULL ? NULL : up->children;

	while (n != NULL && !named(n, name))
		n = n->next;
	return n;
}

xmlNodePtr
cap_dsig_next(xmlNodePtr n)
{
	const char *name = (const char *)n->name;

	do
		n = n->next;
	while (n != NULL && !named(n, name));
	return n;
}

xmlChar *
cap_dsig_text(xmlNodePtr n)
{
	xmlChar *s = n == NULL ? NULL : xmlNodeGetContent(n);

	return s != NULL ? s : xmlStrdup((const xmlChar *)"");
}

/* ---- keys ---- */

static EVP_PKEY *
key_of_certificate(const struct buf *der, const char **wrong)
{
	const unsigned char *p = der->p;
	X509 *x = d2i_X509(NULL, &p, (long)der->n);
	EVP_PKEY *key = x == NULL ? NULL : X509_get_pubkey(x);

	if (x == NULL)
		*wrong = N_("its certificate cannot be read");
	else if (key != NULL && X509_self_signed(x, 0) == 1 && X509_verify(x, key) == 0)
		*wrong = N_("its certificate is not what was signed");
	X509_free(x);
	return key;
}

/* base64 of an element within bounds */
static bool
bytes_of(xmlNodePtr n, struct buf *out)
{
	xmlChar *s = cap_dsig_text(n);
	bool good = s != NULL && strlen((const char *)s) <= KEY_TEXT_MAX && cap_base64((const char *)s, out);

	xmlFree(s);
	return good;
}

static EVP_PKEY *
key_of_numbers(xmlNodePtr rsa)
{
	struct buf n = {0}, e = {0};
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
	BIGNUM *bn = NULL, *be = NULL;
	EVP_PKEY *key = NULL;

	if (build == NULL || ctx == NULL || !bytes_of(cap_dsig_child(rsa, "Modulus"), &n) ||
	    !bytes_of(cap_dsig_child(rsa, "Exponent"), &e))
		goto out;
	bn = BN_bin2bn(n.p, (int)n.n, NULL);
	be = BN_bin2bn(e.p, (int)e.n, NULL);
	if (bn == NULL || be == NULL || !OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, bn) ||
	    !OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, be) ||
	    (params = OSSL_PARAM_BLD_to_param(build)) == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
out:
	BN_free(bn);
	BN_free(be);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	buf_free(&n);
	buf_free(&e);
	return key;
}

static void
take(struct cap_keys *keys, EVP_PKEY *key)
{
	if (key != NULL && keys->n < CAP_KEYS_MAX)
		keys->key[keys->n++] = key;
	else
		EVP_PKEY_free(key);
}

const char *
cap_keys_of(xmlNodePtr info, struct cap_keys *keys)
{
	const char *wrong = NULL;
	struct buf der = {0};
	xmlNodePtr n, c;

	memset(keys, 0, sizeof(*keys));
	for (n = cap_dsig_child(info, "X509Data"); n != NULL; n = cap_dsig_next(n))
		for (c = cap_dsig_child(n, "X509Certificate"); c != NULL; c = cap_dsig_next(c)) {
			buf_clear(&der);
			if (keys->n == CAP_KEYS_MAX)
				break; /* each costs a computation */
			if (!bytes_of(c, &der))
				wrong = N_("its certificate is no base64");
			else
				take(keys, key_of_certificate(&der, &wrong));
		}
	for (n = cap_dsig_child(info, "KeyValue"); n != NULL; n = cap_dsig_next(n))
		if ((c = cap_dsig_child(n, "RSAKeyValue")) != NULL)
			take(keys, key_of_numbers(c));
	for (n = cap_dsig_child(info, "DEREncodedKeyValue"); n != NULL; n = cap_dsig_next(n)) {
		const unsigned char *p;

		buf_clear(&der);
		if (!bytes_of(n, &der))
			continue;
		p = der.p;
		take(keys, d2i_PUBKEY(NULL, &p, (long)der.n));
	}
	ERR_clear_error();
	buf_free(&der);
	return wrong;
}

void
cap_keys_free(struct cap_keys *keys)
{
	for (size_t i = 0; i < keys->n; i++)
		EVP_PKEY_free(keys->key[i]);
	keys->n = 0;
}

/* XML Signature writes the two numbers of an ECDSA value one behind the other; the library wants ASN.1. */
static bool
raw_to_der(const struct buf *raw, struct buf *der)
{
	const size_t half = raw->n / 2;
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw->p, (int)half, NULL), *s = BN_bin2bn(raw->p + half, (int)half, NULL);
	unsigned char *p = NULL;
	int n = -1;

	if (sig != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(sig, r, s) == 1) {
		r = s = NULL;
		n = i2d_ECDSA_SIG(sig, &p);
	}
	if (n > 0)
		buf_put(der, p, (size_t)n);
	OPENSSL_free(p);
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(sig);
	return n > 0;
}

enum cap_fit
cap_keys_verify(
    const struct cap_keys *keys, const struct cap_sign_method *m, const struct buf *value, const struct buf *data)
{
	enum cap_fit fit = CAP_FIT_UNKNOWN;

	for (size_t i = 0; i < keys->n && fit != CAP_FITS; i++) {
		EVP_MD_CTX *ctx;
		struct buf der = {0};
		const struct buf *sig = value;

		if (EVP_PKEY_get_base_id(keys->key[i]) != m->type)
			continue;
		if (m->type == EVP_PKEY_EC && value->n % 2 == 0 && value->n <= 1024 && raw_to_der(value, &der))
			sig = &der;
		ctx = EVP_MD_CTX_new();
		if (ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, m->md(), NULL, keys->key[i]) == 1)
			fit = EVP_DigestVerify(ctx, sig->p, sig->n, data->p, data->n) == 1 ? CAP_FITS : CAP_FITS_NOT;
		EVP_MD_CTX_free(ctx);
		buf_free(&der);
	}
	ERR_clear_error();
	return fit;
}
