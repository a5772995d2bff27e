use serde_json::Value;

use crate::MASK;

/// Parts of the names of values that nobody should read in a log: those of oslo.utils'
/// `mask_password` that are of general use.
const SECRETS: [&str; 12] = [
    "adminpass",
    "admin_pass",
    "auth_key",
    "encrypted_key",
    "new_pass",
    "passphrase",
    "passwd",
    "password",
    "private_key",
    "secret",
    "sslkey",
    "token",
];

/// Replaces every value whose name tells of a secret, at any depth.
pub(super) fn mask(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(mask),
        Value::Object(values) => {
            for (name, value) in values {
                if is_secret(name) {
                    *value = MASK.into();
                } else {
                    mask(value);
                }
            }
        }
        _ => {}
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRETS.iter().any(|secret| name.contains(secret))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_secret_is_masked_at_any_depth() {
        let mut value = json!({ "a": [{ "adminPass": "x", "b": 1 }], "auth_token": { "id": 2 } });
        mask(&mut value);
        assert_eq!(value, json!({ "a": [{ "adminPass": MASK, "b": 1 }], "auth_token": MASK }));
    }
}
