# In the machine: a repository's life.
set -e
export HOME=/tmp GIT_AUTHOR_DATE='2026-01-01T00:00:00Z' GIT_COMMITTER_DATE='2026-01-01T00:00:00Z'
git config --global user.name Dory
git config --global user.email dory@example.org
git config --global init.defaultBranch main
git init -q /tmp/one
cd /tmp/one
for i in $(seq 20); do
	mkdir -p "d$((i % 3))"
	seq $((i * 100)) >"d$((i % 3))/file$i"
	git add .
	git commit -q -m "commit $i"
done
git rev-parse HEAD
git checkout -q -b side HEAD~5
echo side >side
git add side
git commit -q -m side
git checkout -q main
git merge -q -m merge side
git gc -q
git count-objects | cut -d' ' -f1
git fsck --full --strict && echo sound
git log --oneline | wc -l
git clone -q /tmp/one /tmp/two
git clone -q file:///tmp/one /tmp/three
cd /tmp/three
git log --format=%s -n 1
git fsck --full && diff -r -x .git /tmp/one /tmp/three && echo same
git blame d1/file1 | wc -l
