//! What Redis does in one step, with nothing of others in between.

/// Checks and renews the leases, takes and drops some, and changes the session; all of it or nothing.
///
/// `KEYS`: the session, then the leases: held (of these, the first is that of the name), to be taken, to be dropped.
/// `ARGV`: the holder, the time to live in ms, the numbers of leases held, to be taken and to be dropped, the number of
/// fields to set; then these, each with its value; then the fields to remove.
///
/// Doing it twice is the same as once, because a lost connection can swallow the answer: a lease to be taken may be held
/// already, and one to be dropped may be gone.
pub(super) const WRITE: &str = r"
local holder, ttl = ARGV[1], ARGV[2]
local held, take, drop, set = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
for i = 2, 1 + held do
  if redis.call('GET', KEYS[i]) ~= holder then return {'lost'} end
end
for i = 2 + held, 1 + held + take + drop do
  local other = redis.call('GET', KEYS[i])
  if other and other ~= holder and i <= 1 + held + take then return {'taken', other} end
end
for i = 2, 1 + held + take do redis.call('SET', KEYS[i], holder, 'PX', ttl) end
for i = 2 + held + take, 1 + held + take + drop do
  if redis.call('GET', KEYS[i]) == holder then redis.call('DEL', KEYS[i]) end
end
for i = 7, 6 + 2 * set, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
for i = 7 + 2 * set, #ARGV do redis.call('HDEL', KEYS[1], ARGV[i]) end
return {'done'}
";

/// Takes the lease of a name. `KEYS`: the lease; `ARGV`: the holder, the time to live in ms.
pub(super) const TAKE: &str = r"
local other = redis.call('GET', KEYS[1])
if other and other ~= ARGV[1] then return {'taken', other} end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {'done'}
";

/// Gives leases back. `KEYS`: the leases; `ARGV`: the holder.
pub(super) const RELEASE: &str = r"
for i = 1, #KEYS do
  if redis.call('GET', KEYS[i]) == ARGV[1] then redis.call('DEL', KEYS[i]) end
end
return {'done'}
";
