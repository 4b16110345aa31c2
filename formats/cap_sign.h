#ifndef FORMATS_CAP_SIGN_H
#define FORMATS_CAP_SIGN_H
/*
 * What a signature of a CAP document is made of: the text forms, keys and algorithms of XML Signature (W3C, 2nd
 * edition; RFC 6931 for the later names), on OpenSSL's libcrypto.  cap_sign.c judges with it; nobody else needs it.
 */
#include <stdbool.h>
#include <libxml/tree.h>
#include <openssl/evp.h>
#include "buf.h"

#define CAP_DSIG "http://www.w3.org/2000/09/xmldsig#"
#define CAP_DSIG11 "http://www.w3.org/2009/xmldsig11#"
#define CAP_KEYS_MAX 8		/* keys of one signature that are tried */

/* xs:base64Binary with blanks anywhere: nothing left over, no bits set behind the last byte.  A decoder that does not
 * look takes some altered values for the original. */
bool cap_base64(const char *, struct buf *out);

struct cap_sign_method {
	const char *uri;
	int type;			/* EVP_PKEY_RSA or EVP_PKEY_EC */
	const EVP_MD *(*md)(void);
};
const struct cap_sign_method *cap_sign_method(const char *uri);	/* NULL: not known here */
const EVP_MD *cap_digest_method(const char *uri);		/* NULL: not known here */

/* The child element of XML Signature's namespace; NULL. */
xmlNodePtr cap_dsig_child(xmlNodePtr, const char *name);
xmlNodePtr cap_dsig_next(xmlNodePtr);				/* next of the same name */
/* Its text, "" when there is none; to be freed with xmlFree(). */
xmlChar *cap_dsig_text(xmlNodePtr);

struct cap_keys {
	EVP_PKEY *key[CAP_KEYS_MAX];
	size_t n;
};
/* The public keys of a KeyInfo (may be NULL): certificates, key values.  Whose they are, nobody says.  NULL, or what is
 * broken about a certificate (a msgid): no base64, none at all, or one that names itself its signer and is not what was
 * signed.  keys is to be freed either way. */
const char *cap_keys_of(xmlNodePtr keyinfo, struct cap_keys *);
void cap_keys_free(struct cap_keys *);

enum cap_fit { CAP_FITS, CAP_FITS_NOT, CAP_FIT_UNKNOWN /* no key of that kind, or the library will not do it */ };
enum cap_fit cap_keys_verify(
    const struct cap_keys *, const struct cap_sign_method *, const struct buf *value, const struct buf *data);

#endif
