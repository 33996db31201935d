"""Where a configuration comes from, and what lies over what."""

SHOW = '[service.{name}]\ncommand = ["sh", "-c", "echo {text}; exec sleep 1000"]\n'


def test_later_files_change_single_keys_and_take_units_away(root, boot):
    root.write("/etc/bootsman/conf.d/10-first.toml", SHOW.format(name="b", text="from the first file"))
    root.write("/etc/bootsman/conf.d/20-second.toml",
               '[service.b]\nenv = { A = "1" }\n[service.a]\nenabled = false\n[service.c]\n'
               'command = ["sh", "-c", "echo c; exec sleep 1000"]\n')
    root.write("/etc/bootsman/conf.d/30-ignored.toml.bak", "not a configuration [")
    container = boot(SHOW.format(name="a", text="never"))
    container.wait_for_log(r"^b \| from the first file$")
    container.wait_for_log(r"^c \| c$")
    assert "never" not in container.log


def test_file_named_by_the_environment(root, maker):
    root.write("/srv/own.toml", 'extends = "empty"\n' + SHOW.format(name="own", text="here"))
    container = maker.start(root, env={"BOOTSMAN_CONFIG": "/srv/own.toml"})
    container.wait_for_log(r"^own \| here$")


def test_option_goes_before_the_environment(root, maker):
    root.write("/srv/env.toml", 'extends = "empty"\n' + SHOW.format(name="env", text="wrong"))
    root.write("/srv/option.toml", 'extends = "empty"\n' + SHOW.format(name="option", text="right"))
    container = maker.start(root, "--config", "/srv/option.toml", env={"BOOTSMAN_CONFIG": "/srv/env.toml"})
    container.wait_for_log(r"^option \| right$")
    assert "wrong" not in container.log


def test_values_of_the_environment_are_put_in(boot):
    container = boot('[service.web]\ncommand = ["sh", "-c", "echo \'${GREETING} ${WHO:-world} $${HOME}\'; exec sleep 1000"]\n',
                     env={"GREETING": "hello %s %d"})
    container.wait_for_log(r"^web \| hello %s %d world \$\{HOME\}$")


def test_own_unit_over_the_workspace(root, workspace):
    root.write("/etc/bootsman/bootsman.toml", SHOW.format(name="mine", text="beside the preset"))
    container = workspace()
    container.wait_for_log(r"^mine \| beside the preset$", 20)
    container.wait_for_boot()
