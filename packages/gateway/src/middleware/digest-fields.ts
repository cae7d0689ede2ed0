/** Fields with a digest of a body: they are not true of a changed one. In lower case. */
export const DIGEST_FIELDS = ["digest", "content-digest", "repr-digest", "content-md5"] as const;
