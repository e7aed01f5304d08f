# Makes an installer of Captioner for Windows, in build\dist: from a clone, with one command.
#
#   powershell -ExecutionPolicy Bypass -File packaging\build.ps1
#   powershell -ExecutionPolicy Bypass -File packaging\build.ps1 -WithoutEngine
#
# Needs Windows 10 or newer, 64 bit, and Python 3.11 to 3.13; Inno Setup is installed for this user
# with winget where it is missing. Changes nothing but build\. The log is build\logs\build.log.
[CmdletBinding()]
param([switch]$WithoutEngine)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$Root = Split-Path -Parent $PSScriptRoot
$Build = Join-Path $Root 'build'
$Venv = Join-Path $Build 'venv'
$Dist = Join-Path $Build 'dist'
$Work = Join-Path $Build 'package\windows'
$Bundle = Join-Path $Work 'dist\captioner'
$Logs = Join-Path $Build 'logs'
$Log = Join-Path $Logs 'build.log'

function Write-Log([string]$Level, [string]$Message) {
    $time = (Get-Date).ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ')
    Add-Content -Path $Log -Encoding utf8 -Value ("{0} {1,-7} {2}" -f $time, $Level, $Message)
}

function Write-Step([string]$Message) {
    Write-Log 'INFO' $Message
    Write-Host "==> $Message" -ForegroundColor Cyan
}

# Says what went wrong and how to mend it, and ends.
function Stop-Build([string]$Message, [string]$Fix) {
    Write-Log 'ERROR' "$Message Fix: $Fix"
    Write-Host "Error: $Message" -ForegroundColor Red
    Write-Host "Fix: $Fix" -ForegroundColor Green
    Write-Host "The log is $Log"
    exit 1
}

# Runs a program with its output in the log; where it fails, shows the end of it and ends.
function Invoke-Logged([string]$Message, [string]$Fix, [string]$Program, [string[]]$Arguments) {
    Write-Log 'DEBUG' "$Program $Arguments"
    # Programs write to standard error what is no error; only the status counts.
    $ErrorActionPreference = 'Continue'
    # What cannot be started at all leaves the status of the program before.
    $global:LASTEXITCODE = 1
    $said = & $Program @Arguments 2>&1 | ForEach-Object { "$_" }
    $status = $LASTEXITCODE
    $ErrorActionPreference = 'Stop'
    foreach ($line in $said) { Write-Log 'DEBUG' $line }
    if ($status -ne 0) {
        $said | Select-Object -Last 15 | ForEach-Object { Write-Host $_ }
        Stop-Build $Message $Fix
    }
}

function Find-Python {
    foreach ($version in '3.12', '3.13', '3.11') {
        try { $found = & py "-$version" -c 'import sys; print(sys.executable)' 2>$null } catch { continue }
        if ($LASTEXITCODE -eq 0 -and $found) { return $found }
    }
    foreach ($name in 'python', 'python3') {
        try {
            $found = & $name -c 'import sys; print(sys.executable if (3, 11) <= sys.version_info < (3, 14) else "")' 2>$null
        } catch { continue }
        if ($LASTEXITCODE -eq 0 -and $found) { return $found }
    }
    Stop-Build 'There is no Python from 3.11 to 3.13.' 'winget install Python.Python.3.12'
}

function Find-InnoSetup {
    $places = ${env:ProgramFiles(x86)}, $env:ProgramFiles, (Join-Path $env:LOCALAPPDATA 'Programs')
    foreach ($place in $places) {
        $found = Get-Item (Join-Path $place 'Inno Setup *\ISCC.exe') -ErrorAction SilentlyContinue | Select-Object -Last 1
        if ($found) { return $found.FullName }
    }
    return $null
}

New-Item -ItemType Directory -Force $Logs, $Dist | Out-Null
if (-not [Environment]::Is64BitOperatingSystem) { Stop-Build 'This Windows is 32 bit.' 'Use a 64 bit Windows.' }
$Version = [regex]::Match((Get-Content -Raw (Join-Path $Root 'captioner\__init__.py')), '__version__.*"(.+)"').Groups[1].Value
$begun = Get-Date
Write-Step "Captioner $Version for Windows"

$python = Find-Python
if (-not (Test-Path (Join-Path $Venv 'Scripts\python.exe'))) {
    Write-Step "Making a virtual environment with $python"
    Invoke-Logged 'The virtual environment could not be made.' 'Repair Python, then run this again.' $python @('-m', 'venv', $Venv)
}
$python = Join-Path $Venv 'Scripts\python.exe'
$constraints = Join-Path $PSScriptRoot 'constraints.txt'
Write-Step 'Installing the Python packages (a few minutes the first time)'
Invoke-Logged 'pip could not be renewed.' 'Check the network.' $python @('-m', 'pip', 'install', '--upgrade', '--constraint', $constraints, 'pip', 'setuptools')
Invoke-Logged 'The packages could not be installed.' 'Check the network; the lines above name the package.' $python @(
    '-m', 'pip', 'install', '--constraint', $constraints, '--build-constraint', $constraints, '--editable', $Root, '--group', "$(Join-Path $Root 'pyproject.toml'):package")

# The same source and constraints give the same files.
$env:PYTHONHASHSEED = '0'
$env:CAPTIONER_WITHOUT_ENGINE = ''
if ($WithoutEngine) { $env:CAPTIONER_WITHOUT_ENGINE = '1' }
if (-not $env:SOURCE_DATE_EPOCH) {
    $time = & git -C $Root log -1 --format=%ct 2>$null
    if ($time) { $env:SOURCE_DATE_EPOCH = $time }
}

Write-Step 'Drawing the icons'
Invoke-Logged 'The icons could not be drawn.' 'Look at the log.' $python @(
    (Join-Path $PSScriptRoot 'icons.py'), (Join-Path $Root 'resources\icons\captioner.svg'), (Join-Path $Build 'icons'))

Write-Step 'Collecting the program into one folder'
if (Test-Path $Work) { Remove-Item -Recurse -Force $Work }
New-Item -ItemType Directory -Force $Work | Out-Null
Push-Location $Work
try {
    Invoke-Logged 'PyInstaller failed.' 'Look at the log: it says which part.' $python @(
        '-m', 'PyInstaller', '--noconfirm', '--log-level', 'WARN', '--workpath', (Join-Path $Work 'work'),
        '--distpath', (Join-Path $Work 'dist'), (Join-Path $PSScriptRoot 'captioner.spec'))
} finally { Pop-Location }

Write-Step 'Collecting the licences'
Invoke-Logged 'The bundle may not be given away as it is.' 'The lines above say what to leave out or to look up.' $python @(
    (Join-Path $PSScriptRoot 'licences.py'), $Bundle, (Join-Path $Work 'dist\contents.json'), (Join-Path $Bundle 'THIRD_PARTY_LICENSES.txt'))
Copy-Item (Join-Path $Root 'LICENSE') (Join-Path $Bundle 'LICENSE.txt')

Write-Step 'Trying the program'
Invoke-Logged 'The program in the folder does not start.' 'Look at the log.' (Join-Path $Bundle 'captioner.exe') @('--version')

$compiler = Find-InnoSetup
if (-not $compiler) {
    Write-Step 'Installing Inno Setup with winget'
    Invoke-Logged 'Inno Setup could not be installed.' 'Install Inno Setup 6 yourself, then run this again.' 'winget' @(
        'install', '--exact', '--id', 'JRSoftware.InnoSetup', '--scope', 'user', '--silent', '--accept-source-agreements', '--accept-package-agreements')
    $compiler = Find-InnoSetup
    if (-not $compiler) { Stop-Build 'Inno Setup was installed, but is not found.' 'Open a new terminal and run this again.' }
}
Write-Step 'Packing the installer'
Invoke-Logged 'Inno Setup failed.' 'Look at the log: it names the line of packaging\windows\captioner.iss.' $compiler @(
    '/Q', "/DVersion=$Version", "/DBundle=$Bundle", "/DOut=$Dist", "/DIcon=$(Join-Path $Build 'icons\captioner.ico')",
    (Join-Path $PSScriptRoot 'windows\captioner.iss'))

foreach ($file in Get-ChildItem $Dist -Filter 'captioner-*-windows-*.exe') {
    $sum = (Get-FileHash -Algorithm SHA256 $file.FullName).Hash.ToLowerInvariant()
    Set-Content -Path "$($file.FullName).sha256" -Encoding ascii -Value "$sum  $($file.Name)"
    Write-Host ("  {0} ({1:N0} MB)" -f $file.FullName, ($file.Length / 1MB))
}
Write-Step ("Done in {0:N0} s. The log is {1}" -f ((Get-Date) - $begun).TotalSeconds, $Log)
